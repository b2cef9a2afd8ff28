import type { Busy } from '../machine.ts';
import { broken } from './knee.ts';
import type { Knee } from './run.ts';

export interface HttpResult {
  readonly startedAt: string;
  readonly host: object;
  readonly busy: Busy;
  readonly versions: Readonly<Record<string, string>>;
  /** Of each step. */
  readonly seconds: number;
  readonly knees: readonly Knee[];
}

/** The result as Markdown: the knee of each way, what latency was there, and what broke above it. */
export function httpTable({ knees, busy, seconds }: HttpResult): string {
  const rows = knees.map(({ way, keepAlive, knee, steps, dropped }) => {
    const at = steps.find(({ rate }) => rate === knee);
    const above = steps.filter(({ rate }) => rate > knee).sort((a, b) => a.rate - b.rate)[0];
    const why = dropped !== undefined ? `the generator sent ${dropped.sent.toFixed(0)} of ${dropped.rate}/s: not the tunnel's knee` : above === undefined ? 'not reached' : `${above.rate}/s: ${broken(above) ?? ''}`;
    return `| ${way} | ${keepAlive ? 'kept' : 'one for each'} | ${knee} | ${at?.p50.toFixed(1) ?? '–'} | ${at?.p99.toFixed(1) ?? '–'} | ${why} |`;
  });
  return [
    '| way | connections | knee, requests/s | p50 there, ms | p99 there, ms | broke at |', '| --- | --- | ---: | ---: | ---: | --- |', ...rows, '',
    `Each rate was held for ${seconds} s. Before, others used ${(100 * busy.used).toFixed(0)} % of the processors.`, '',
  ].join('\n');
}
