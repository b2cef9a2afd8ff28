import { join } from 'node:path';
import { z } from 'zod';
import { exec } from '../../core/exec.ts';
import type { Step } from './knee.ts';

export interface Attack {
  /** Folder with vegeta's program. */
  readonly programs: string;
  /** Where its results may lie meanwhile. */
  readonly folder: string;
  /** Paths of PEM files: who signs servers, and the client's pair. */
  readonly tls: { readonly roots: readonly string[]; readonly cert: string; readonly key: string };
  readonly url: string;
  /** Where CONNECTs go. Default: the URL's host is dialled itself. */
  readonly proxyPort?: number;
  /** False: a TCP connection, two handshakes and a CONNECT for each request. */
  readonly keepAlive: boolean;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

const nanoseconds = z.number().transform((value) => value / 1e6);
const report = z.object({
  latencies: z.object({ '50th': nanoseconds, '99th': nanoseconds }),
  rate: z.number(),
  success: z.number(),
  errors: z.array(z.string()).nullable(),
});

/** Of each request; what takes longer has failed. */
const requestTimeoutMs = 2000;
/** How many requests may be open at once: behind these, new ones wait, and fewer are sent than were asked for. */
const maxWorkers = 1000;

/** Holds a rate, whatever the answers take (an open loop), with vegeta. */
export async function attack({ programs, folder, tls, url, proxyPort, keepAlive, seconds, signal }: Attack, rate: number): Promise<Step> {
  const vegeta = join(programs, 'vegeta');
  // Go's transport uses the client's certificate for the proxy as well. It takes the proxy from here, but for loopback addresses.
  const env = { HTTPS_PROXY: proxyPort === undefined ? undefined : `https://127.0.0.1:${proxyPort}`, https_proxy: undefined, NO_PROXY: undefined, no_proxy: undefined };
  const results = join(folder, 'results.bin');
  await exec([vegeta, 'attack', `-rate=${rate}/s`, `-duration=${seconds}s`, `-timeout=${requestTimeoutMs}ms`, `-max-workers=${maxWorkers}`, `-keepalive=${keepAlive}`, '-http2=false',
    `-root-certs=${tls.roots.join(',')}`, `-cert=${tls.cert}`, `-key=${tls.key}`, '-max-body=0', `-output=${results}`],
  { input: `GET ${url}\n`, env, timeoutMs: (seconds + 30) * 1000, signal });
  const { stdout } = await exec([vegeta, 'report', '-type=json', results], { signal });
  const { latencies, success, errors, ...rest } = report.parse(JSON.parse(stdout));
  return { rate, sent: rest.rate, success, p50: latencies['50th'], p99: latencies['99th'], errors: (errors ?? []).slice(0, 3) };
}
