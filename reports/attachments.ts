import { z } from 'zod';

/** Media types of what steps attach for the report. */
export const mediaTypes = {
  fault: 'application/vnd.edgeproof.fault+json',
  budget: 'application/vnd.edgeproof.budget+json',
  identity: 'application/vnd.edgeproof.identity+json',
  identities: 'application/vnd.edgeproof.identities+json',
  told: 'application/vnd.edgeproof.told+json',
  standing: 'application/vnd.edgeproof.standing+json',
  samples: 'application/vnd.edgeproof.samples+json',
} as const;

/** A fault as recorded by chaos/: attach it again when more is known of it; the last one with an id counts. */
export const faultSchema = z.object({
  id: z.string(),
  kind: z.string(),
  /** 'site east', 'node dev-worker2', 'pod ns/name'. */
  target: z.string(),
  startedAt: z.iso.datetime(),
  /** When it struck, after all that had to be prepared. */
  struckAt: z.iso.datetime().optional(),
  verifiedAt: z.iso.datetime().optional(),
  /** What the victim saw, a sentence. */
  evidence: z.string().optional(),
  endedAt: z.iso.datetime().optional(),
});
export type FaultAttachment = z.infer<typeof faultSchema>;

/** A promise's time budget, and how long it took. */
export const budgetSchema = z.object({ what: z.string(), budgetMs: z.number().nonnegative(), tookMs: z.number().nonnegative() });
export type BudgetAttachment = z.infer<typeof budgetSchema>;

/** Who something is: of a Pod its namespace, name, UID and IP; of a node its name and flannel.1 MAC. */
const identity = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
export type Identity = z.infer<typeof identity>;
export const identitySchema = z.object({ before: z.array(identity), after: z.array(identity) });
export type IdentityAttachment = z.infer<typeof identitySchema>;

/** What was read; null where there was nothing; or why it could not be read. */
const reading = z.union([z.string(), z.null(), z.object({ unread: z.string() })]);
export type Reading = z.infer<typeof reading>;
const moment = z.object({ takenAt: z.iso.datetime(), tookMs: z.number().nonnegative() });

/** All nodes and Pods that a scenario is about, before its first fault and at its end: what each of those said of them whom one can ask. */
export const identitiesSchema = z.object({
  before: moment,
  after: moment,
  who: z.array(z.object({
    kind: z.enum(['node', 'pod']),
    name: z.string(),
    /** Of a Pod: its node. */
    on: z.string().optional(),
    /** Facts `of` the same must be the same at one moment. */
    facts: z.array(z.object({ what: z.string(), of: z.string().optional(), before: reading, after: reading })).readonly(),
  })).readonly(),
});
export type IdentitiesAttachment = z.infer<typeof identitiesSchema>;

/** What those who were asked told of a scenario's time. Times in milliseconds since the epoch. */
export const toldSchema = z.array(z.object({
  /** A node, `nodes` or `Pods`. */
  who: z.string(),
  /** `node`: its own journal. */
  by: z.enum(['node', 'API']),
  happenings: z.array(z.object({
    at: z.number(),
    what: z.string(),
    bad: z.literal(true).optional(),
    /** Told so often, the last time at `until`. */
    count: z.number().optional(),
    until: z.number().optional(),
  })).readonly(),
  /** What is not in it and why, as sentences. */
  gaps: z.array(z.string()).readonly(),
  /** How many more there were. */
  left: z.number().optional(),
})).readonly();
export type ToldAttachment = z.infer<typeof toldSchema>;

/** What stood out of the nodes when a scenario had failed, as sentences. */
export const standingSchema = z.object({ at: z.iso.datetime(), asked: z.array(z.string()).readonly(), said: z.array(z.string()).readonly() });
export type StandingAttachment = z.infer<typeof standingSchema>;

/** What each probe saw, second by second. */
export const samplesSchema = z.array(z.object({
  /** Who asked whom for what, in words. */
  what: z.string(),
  /** When second 0 begins, in milliseconds since the epoch. */
  from: z.number(),
  /** Only seconds in which it looked, in their order: the second, how many looks found what they should, how many did not, the slowest answer in milliseconds (null: not measured), and why not, as a place in `whys` (null: all well). */
  cells: z.array(z.tuple([z.number(), z.number(), z.number(), z.number().nullable(), z.number().nullable()])).readonly(),
  whys: z.array(z.string()).readonly(),
  /** It waited for something that need not have been so yet. */
  waits: z.literal(true).optional(),
})).readonly();
export type SamplesAttachment = z.infer<typeof samplesSchema>[number];
