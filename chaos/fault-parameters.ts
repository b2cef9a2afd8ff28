import type { FaultKind } from './fault-kinds.ts';

/** A number of a fault that whoever injects it may choose. */
export interface ParameterSpec {
  readonly default: number;
  readonly unit: string;
  /** Within these its victim can be seen to feel it, in the time that a look has. */
  readonly least: number;
  readonly most: number;
  readonly what: string;
}

/** Of each kind that has some. For help too, which needs nothing of how they are read. */
export const faultParameters = {
  'wan-latency': {
    latencyMs: { default: 300, unit: 'ms', least: 50, most: 2000, what: 'how much later all comes, each way' },
    jitterMs: { default: 100, unit: 'ms', least: 0, most: 1950, what: 'up to so much more or less, each time another one; at least 50 ms below latencyMs' },
  },
  'wan-thin': { kilobytesPerSecond: { default: 64, unit: 'KB/s', least: 8, most: 128, what: 'of each connection, each way' } },
  'wan-slow-close': { closeMs: { default: 5000, unit: 'ms', least: 1000, most: 12_000, what: 'how much later the end of a connection is heard' } },
  'wan-cut': { limitKilobytes: { default: 100, unit: 'KB', least: 60, most: 150, what: 'what a connection carries one way before it ends' } },
  'cert-short': { lifeSeconds: { default: 8, unit: 's', least: 5, most: 600, what: 'for how long the certificate is good' } },
} as const satisfies Partial<Record<FaultKind, Readonly<Record<string, ParameterSpec>>>>;

type Parametrised = keyof typeof faultParameters;
export type ParametersOf<K extends Parametrised> = Readonly<Record<keyof (typeof faultParameters)[K], number>>;
/** Those that were chosen; of the others their defaults hold. */
export type ChosenParameters = Readonly<Record<string, number>>;

/** Those of a kind, by name; none for most. */
export const parametersOf = (kind: FaultKind): Readonly<Record<string, ParameterSpec>> => (faultParameters as Partial<Record<FaultKind, Readonly<Record<string, ParameterSpec>>>>)[kind] ?? {};

export const withDefaults = <K extends Parametrised>(kind: K, chosen: ChosenParameters): ParametersOf<K> =>
  Object.fromEntries(Object.entries(parametersOf(kind)).map(([name, spec]) => [name, chosen[name] ?? spec.default])) as ParametersOf<K>;
