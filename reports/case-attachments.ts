import type { Attachment } from '@cucumber/messages';
import { budgetSchema, faultSchema, identitiesSchema, identitySchema, mediaTypes, type BudgetAttachment, type FaultAttachment, type IdentitiesAttachment, type IdentityAttachment } from './attachments.ts';

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
  const texts: TextReport[] = [];
  for (const attachment of attachments) {
    const body = bodyOf(attachment);
    const json = attachment.mediaType.startsWith('application/vnd.edgeproof.') ? parsed(body) : undefined;
    const fault = attachment.mediaType === mediaTypes.fault ? faultSchema.safeParse(json).data : undefined;
    const budget = attachment.mediaType === mediaTypes.budget ? budgetSchema.safeParse(json).data : undefined;
    const identity = attachment.mediaType === mediaTypes.identity ? identitySchema.safeParse(json).data : undefined;
    const picture = attachment.mediaType === mediaTypes.identities ? identitiesSchema.safeParse(json).data : undefined;
    if (fault !== undefined) faults.set(fault.id, timed({ ...faults.get(fault.id), ...fault }, caseMs));
    else if (budget !== undefined) budgets.push(budget);
    else if (identity !== undefined) identities.push(identity);
    else if (picture !== undefined) pictures.push(picture);
    else texts.push(textOf(attachment, body));
  }
  return { faults: [...faults.values()].sort((a, b) => a.startMs - b.startMs), budgets, identities, pictures, texts };
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
