/** All but `correctTimes` are milliseconds. */
export interface VtepTimings {
  /** Between two looks, when nobody tells of a change. */
  readonly lookEveryMs: number;
  /** From the first news of a change to the look: flannel writes many entries at once. */
  readonly settleMs: number;
  readonly afterErrorMs: number;
  /** How long a device may be gone that was there, until it is made again. */
  readonly vanishedMs: number;
  /** How often the device is set right within `correctWithinMs`. */
  readonly correctTimes: number;
  readonly correctWithinMs: number;
  /** How long a route must be without its neighbour entry, and an entry without its use, to be taken for damage: flannel writes one after the other. */
  readonly lostForMs: number;
  readonly staleForMs: number;
  /** How long after neighbours were written from memory a new forward says that they were of an earlier time: flannel's two writes of a peer come within milliseconds. */
  readonly overtakenWithinMs: number;
  /** Until the API is told again what it refused: at first, and at most. */
  readonly announceAgainMs: number;
  readonly announceAtMostMs: number;
}

export const defaultTimings: VtepTimings = {
  lookEveryMs: 30_000,
  settleMs: 10,
  afterErrorMs: 1000,
  vanishedMs: 1500,
  correctTimes: 5,
  correctWithinMs: 60_000,
  lostForMs: 1000,
  staleForMs: 2000,
  overtakenWithinMs: 2000,
  announceAgainMs: 250,
  announceAtMostMs: 10_000,
};
