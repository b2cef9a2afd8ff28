import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Progress } from '../../core/progress.ts';
import { NodeChild } from '../child.ts';
import { startContenders } from '../contenders.ts';
import { agentNode, kubeletNames, makeCredentials } from '../credentials.ts';
import { lookAround, lookMs, type Busy } from '../machine.ts';
import type { Contender } from '../result.ts';
import { broken, findKnee, type Found, type Step } from './knee.ts';
import { attack } from './vegeta.ts';

export interface HttpBenchOptions {
  readonly contenders: readonly Contender[];
  /** Of one step. */
  readonly seconds: number;
  /** The highest rate that is tried, in requests a second. */
  readonly most: number;
  /** Folders of vegeta's and of konnectivity's programs. */
  readonly programs: { readonly load: string; readonly bench: string };
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface Knee extends Found {
  /** A contender, or which node was read through an API server. */
  readonly way: string;
  /** Kept connections, as an API server has them to its kubelets; or a new one, with its handshakes, for each request. */
  readonly keepAlive: boolean;
}

const firstRate = 50;
const halvings = 2;

/** Finds one knee, and shows how far it has come. */
export async function kneeOf(progress: Progress, way: string, keepAlive: boolean, most: number, attempt: (rate: number) => Promise<Step>): Promise<Knee> {
  return await progress.step(`${way}, ${keepAlive ? 'kept connections' : 'a connection for each request'}`, async (step) => {
    const found = await findKnee(async (rate) => {
      step.detail(`${rate}/s`);
      return await attempt(rate);
    }, { first: firstRate, most, halvings });
    const last = found.steps.map((one) => broken(one)).filter((why) => why !== undefined).at(-1);
    const why = found.dropped === undefined ? last : `the generator sent ${found.dropped.sent.toFixed(0)} of ${found.dropped.rate}/s`;
    step.result(`${found.knee}/s${why === undefined ? '' : `; above, ${why}`}`);
    return { way, keepAlive, ...found };
  });
}

/** Reads of a kubelet over HTTPS, through the CONNECT ports, at rates that are held whatever the answers take: where each contender breaks. */
export async function runHttpBench({ contenders, seconds, most, programs, progress, signal }: HttpBenchOptions): Promise<{ knees: Knee[]; busy: Busy }> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'edgeproof-bench-'));
  stack.defer(async () => await rm(folder, { recursive: true, force: true }));
  const credentials = await makeCredentials(folder, 1);
  const kubelet = stack.use(await NodeChild.start<{ port: number }>('kubelet', [folder]));
  const { port } = kubelet.facts;
  const all = await progress.step('Starting the contenders', async () => await startContenders({ credentials, originPort: port, only: contenders, unix: false, programs: programs.bench, stack, signal }));
  const busy = await lookAround(lookMs, signal);
  const tls = { roots: [credentials.crt('ca'), credentials.crt('nodes')], cert: credentials.crt('client'), key: credentials.key('client') };
  const knees: Knee[] = [];
  for (const keepAlive of [true, false]) for (const one of all) {
    const path = one.name === 'direct' ? {} : { proxyPort: one.port };
    // konnectivity's agent dials what it is told; Go sends no loopback address through a proxy, and this is one that it does not know for it.
    const host = { direct: '127.0.0.1', 'tls-pipe': agentNode(0), ours: agentNode(0), konnectivity: kubeletNames.any }[one.name];
    const url = `https://${host}:${port}/pods`;
    knees.push(await kneeOf(progress, one.name, keepAlive, most, async (rate) => await attack({ programs: programs.load, folder, tls, url, ...path, keepAlive, seconds, signal }, rate)));
  }
  return { knees, busy };
}
