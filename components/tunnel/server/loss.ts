/** Says when and why a node's agent was lost: to a client, or to the server that asks. */
export const lossText = (reason: string, agoMs: number): string => `its agent was lost ${Math.round(agoMs / 1000)} s ago: ${reason}`;

/** Of what several servers say of one node, what is newest: the server that had its agent last. */
export function latestLoss(told: readonly (string | undefined)[]): string | undefined {
  const losses = told.filter((text) => text !== undefined && secondsOf(text) !== Infinity);
  return losses.sort((one, other) => secondsOf(one!) - secondsOf(other!))[0];
}

const secondsOf = (text: string): number => Number(/^its agent was lost (\d+) s ago: /.exec(text)?.[1] ?? Infinity);
