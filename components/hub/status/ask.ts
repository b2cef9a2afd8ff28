import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { CannotTellError, exitCodes } from '../../../core/errors.ts';
import { flag, parseFlags } from '../../tunnel/common/flags.ts';
import { get } from '../../tunnel/common/node-http.ts';
import { statusReport, type StatusReport } from './report.ts';
import { socketIn } from './serve.ts';
import { textOf } from './text.ts';

const flags = {
  /** As the hub was given it. */
  cache: flag.text.default('/var/lib/edge-hub/cache'),
  output: z.enum(['text', 'json'], 'must be text or json').default('text'),
} as const;

const askTimeoutMs = 5000;

/**
 * `edge-hub status`: asks the hub of this node how it is, and prints what it says.
 *
 * @returns the exit code: 0 connected, 1 not
 * @throws CannotTellError (exit code 2) when there is no hub to ask; UsageError
 */
export async function statusCommand(argv: readonly string[], print: (text: string) => void): Promise<number> {
  const { cache, output } = parseFlags(flags, argv.map((arg) => (arg === '--json' ? '--output=json' : arg)));
  const report = await ask(socketIn(cache));
  print(output === 'json' ? `${JSON.stringify(report, undefined, 2)}\n` : textOf(report));
  return report.link.state === 'connected' ? exitCodes.pass : exitCodes.fail;
}

async function ask(socketPath: string): Promise<StatusReport> {
  try {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    get({ socketPath, path: '/status', agent: false, signal: AbortSignal.timeout(askTimeoutMs) }, (response) => text(response).then(resolve, reject)).on('error', reject);
    return statusReport.parse(JSON.parse(await promise));
  } catch (cause) {
    throw new CannotTellError('NO_STATUS', `the hub could not be asked at ${socketPath}`, { cause, next: 'Run it as root on the node; give --cache as the hub has it (a hub without a cache cannot be asked), and look whether it runs: systemctl status edge-hub.' });
  }
}
