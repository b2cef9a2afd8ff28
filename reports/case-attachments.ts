import type { Attachment } from '@cucumber/messages';
import {
  budgetSchema, faultSchema, identitiesSchema, identitySchema, mediaTypes, samplesSchema, standingSchema, toldSchema,
  type BudgetAttachment, type FaultAttachment, type IdentitiesAttachment, type IdentityAttachment, type SamplesAttachment, type StandingAttachment, type ToldAttachment,
} from './attachments.ts';

/** A fault with its times since the start of the case. */
export interface FaultReport extends FaultAttachment {
  readonly startMs: number;
  /** Absent: the victim was never seen to notice it. */
  readonly verifiedMs?: number;
  /** Absent: it was not healed when the case ended. */
  readonly endMs?: number;
}

export interface TextReport {
  readonly name: string;
  readonly text: string;
}

/** What the steps of a case attached, by kind and in time order. */
export interface CaseAttachments {
  readonly faults: readonly FaultReport[];
  readonly budgets: readonly BudgetAttachment[];
  readonly identities: readonly IdentityAttachment[];
  /** Of everything at once. */
  readonly pictures: readonly IdentitiesAttachment[];
  /** By the nodes themselves, and by the API. */
  readonly told: ToldAttachment;
  /** Of nodes, when it had failed. */
  readonly standings: readonly StandingAttachment[];
  readonly samples: readonly SamplesAttachment[];
  readonly texts: readonly TextReport[];
}

/** Longer texts are cut in the report: the whole is in messages.ndjson. */
const maxTextChars = 64_000;

/** @param caseMs the start of the case, in ms since the epoch. */
export function sortAttachments(attachments: readonly Attachment[], caseMs: number): CaseAttachments {
  const faults = new Map<string, FaultReport>();
  const budgets: BudgetAttachment[] = [];
  const identities: IdentityAttachment[] = [];
  const pictures: IdentitiesAttachment[] = [];
  const told: ToldAttachment[number][] = [];
  const standings: StandingAttachment[] = [];
  const samples: SamplesAttachment[] = [];
  const texts: TextReport[] = [];
  for (const attachment of attachments) {
    const body = bodyOf(attachment);
    const json = attachment.mediaType.startsWith('application/vnd.edgeproof.') ? parsed(body) : undefined;
    const as = <T>(mediaType: string, schema: { safeParse(data: unknown): { data?: T | undefined } }): T | undefined => (attachment.mediaType === mediaType ? schema.safeParse(json).data : undefined);
    const fault = as(mediaTypes.fault, faultSchema);
    const budget = as(mediaTypes.budget, budgetSchema);
    const identity = as(mediaTypes.identity, identitySchema);
    const picture = as(mediaTypes.identities, identitiesSchema);
    const said = as(mediaTypes.told, toldSchema);
    const standing = as(mediaTypes.standing, standingSchema);
    const seen = as(mediaTypes.samples, samplesSchema);
    if (fault !== undefined) faults.set(fault.id, timed({ ...faults.get(fault.id), ...fault }, caseMs));
    else if (budget !== undefined) budgets.push(budget);
    else if (identity !== undefined) identities.push(identity);
    else if (picture !== undefined) pictures.push(picture);
    else if (said !== undefined) told.push(...said);
    else if (standing !== undefined) standings.push(standing);
    else if (seen !== undefined) samples.push(...seen);
    else texts.push(textOf(attachment, body));
  }
  return { faults: [...faults.values()].sort((a, b) => a.startMs - b.startMs), budgets, identities, pictures, told, standings, samples, texts };
}

function timed(fault: FaultAttachment, caseMs: number): FaultReport {
  const since = (iso: string): number => Date.parse(iso) - caseMs;
  return {
    ...fault, startMs: since(fault.startedAt),
    ...(fault.verifiedAt === undefined ? {} : { verifiedMs: since(fault.verifiedAt) }),
    ...(fault.endedAt === undefined ? {} : { endMs: since(fault.endedAt) }),
  };
}

const isText = (mediaType: string): boolean => /^text\/|[/+](json|xml|yaml)\b/.test(mediaType);
const bodyOf = ({ body, contentEncoding, mediaType }: Attachment): string =>
  contentEncoding === 'BASE64' && isText(mediaType) ? Buffer.from(body, 'base64').toString('utf8') : body;

function textOf(attachment: Attachment, body: string): TextReport {
  const name = attachment.fileName ?? (attachment.mediaType.startsWith('text/x.cucumber.log') ? 'log' : attachment.mediaType);
  if (!isText(attachment.mediaType)) return { name, text: `(${attachment.mediaType}, ${attachment.body.length} characters in messages.ndjson)` };
  if (body.length <= maxTextChars) return { name, text: body };
  return { name, text: `${body.slice(0, maxTextChars)}\n… cut here; all ${body.length} characters are in messages.ndjson` };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
