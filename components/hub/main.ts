import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { UsageError } from '../../core/errors.ts';
import { flag, parseFlags } from '../tunnel/common/flags.ts';
import { startHealth } from '../tunnel/common/health.ts';
import { parseHostPort } from '../tunnel/common/host-port.ts';
import { createLog } from '../tunnel/common/log.ts';
import { runMain } from '../tunnel/common/run-main.ts';
import { frontCredentials, NodeAuthority, servingFiles, type ServingPair } from './front/index.ts';
import { CacheStore } from './cache/index.ts';
import { Hub } from './hub.ts';
import { defaultTimings, LinkCredentials } from './link/index.ts';
import { MemoryMetrics } from './memory-metrics.ts';
import { Memory } from './memory.ts';
import type { Shown } from './shown/objects.ts';
import { statusCommand } from './status/ask.ts';
import { serveStatus } from './status/serve.ts';

const addresses = z.string().transform((text, context) => text.split(',').map((one) => {
  const address = parseHostPort(one.trim());
  if (address === undefined) context.addIssue('must be HOST:PORT, several of them separated by commas');
  return address ?? { host: '', port: 0 };
}));

const flags = {
  /** The API server, or the load balancer before it, and the name that its certificate has. Default: the host that is dialled. */
  server: flag.remote,
  serverName: flag.optionalText,
  /** PEM: who signs the API server, and clients of it. */
  ca: flag.text,
  clientCa: flag.optionalText,
  nodeName: flag.text,
  /** PEM: the kubelet's certificate and key, in one file. It may come later. */
  nodeCertificate: flag.text.default('/var/lib/kubelet/pki/kubelet-client-current.pem'),
  listen: addresses.default([{ host: '127.0.0.1', port: 6444 }]),
  /** Where the hub keeps an authority of its own, and what names its certificate has. */
  pki: flag.optionalText,
  names: flag.list,
  /** PEM: a certificate and its key that others keep, instead. */
  cert: flag.optionalText,
  key: flag.optionalText,
  health: flag.listen('127.0.0.1', 10_272),
  dialMs: flag.ms(defaultTimings.dialMs),
  pingEveryMs: flag.ms(defaultTimings.pingEveryMs),
  pongWithinMs: flag.ms(defaultTimings.pongWithinMs),
  probeEveryMs: flag.ms(defaultTimings.probeEveryMs),
  /** What was given is kept there. Left out: nothing is, and cut off nothing is answered. */
  cache: flag.optionalText,
  cacheBytes: flag.bytes(256 * 1024 * 1024),
  /** Where Pods and kube-proxy of this node find the hub: they are shown it in place of the API server. */
  shownAs: flag.remote.optional(),
  /** Where they find the cluster's DNS, when this node has one of its own. */
  dnsShownAs: flag.remote.optional(),
  /** How long requests may go on after SIGTERM. Watches go on until then too. */
  drainMs: flag.ms(1000),
  refreshMs: flag.ms(10_000),
  logLevel: flag.logLevel,
} as const;

/**
 * Makes the first authority in a process of its own: what makes certificates takes 10 MB, which this one would have until its end. Whatever
 * that process leaves undone is done here.
 */
function makeElsewhere(folder: string): void {
  if (existsSync(join(folder, 'trusted.crt'))) return;
  spawnSync(process.execPath, [...process.execArgv, process.argv[1]!, makePki, ...process.argv.slice(2)], { stdio: 'ignore', timeout: makeTimeoutMs });
}

/** The verb of that process. */
const makePki = 'make-pki';
/** It takes half a second. */
const makeTimeoutMs = 20_000;

/** What a predecessor's port may take to come free. Milliseconds. */
const graceMs = 10_000;

await runMain('edge-hub', async (signal) => {
  const [verb, ...rest] = process.argv.slice(2);
  if (verb === 'status') process.exit(await statusCommand(rest, (text) => process.stdout.write(text)));
  const { ca, clientCa, nodeName, nodeCertificate, pki, names, cert, key, health, drainMs, dialMs, pingEveryMs, pongWithinMs, probeEveryMs, logLevel, serverName, cache, cacheBytes, shownAs, dnsShownAs, ...options } = parseFlags(flags, verb === makePki ? rest : process.argv.slice(2));
  const log = createLog('edge-hub', logLevel, { node: nodeName });
  const unused = (reason: string): void => log.warn({ reason }, 'files are not used');
  let pair: ServingPair;
  if (cert !== undefined && key !== undefined) pair = servingFiles({ cert, key }, unused);
  else if (pki !== undefined && names.length > 0) {
    if (verb !== makePki) makeElsewhere(pki);
    pair = await NodeAuthority.open({ folder: pki, nodeName, names, troubled: unused });
    if (verb === makePki) return;
  } else throw new UsageError('the hub needs a certificate to serve with', { next: 'give --cert and --key, or --pki and --names to have it make one' });
  // A successor may be made while this process runs: it is shown from then on.
  const shown: Shown | undefined = shownAs !== undefined && pair instanceof NodeAuthority ? { node: nodeName, get authority() { return pair.trusted; }, address: shownAs.host, port: shownAs.port, ...(dnsShownAs && { dns: { address: dnsShownAs.host, port: dnsShownAs.port } }) } : undefined;
  if (shownAs !== undefined && shown === undefined) throw new UsageError('--shown-as needs an authority that clients can be shown', { next: 'give --pki and --names' });
  await using store = cache === undefined ? undefined : await CacheStore.open(cache, { maxBytes: cacheBytes, ownIdentity: `system:node:${nodeName}`, told: (notice) => log.warn({ notice: notice.code, cause: notice.cause === undefined ? undefined : String(notice.cause) }, notice.message) });
  using memory = store && new Memory({ store, nodeName, ...(shown && { shown }), troubled: (what, reason) => log.warn({ what, reason: String(reason) }, 'not kept') });
  await using hub = await Hub.start({
    ...options,
    ...(memory && { hooks: memory }),
    log,
    nodeName,
    ...(serverName !== undefined && { serverName }),
    linkCredentials: new LinkCredentials({ ca, node: nodeCertificate, nodeName, failed: unused }),
    frontCredentials: frontCredentials(pair, clientCa ?? ca, unused),
    timings: { dialMs, pingEveryMs, pongWithinMs, probeEveryMs },
  });
  memory?.follow(hub.link);
  if (store && memory) new MemoryMetrics(hub.metrics, store, memory);
  await using _status = store && memory && cache !== undefined ? await serveStatus(cache, { node: nodeName, link: hub.link, summary: () => store.summary(), events: store.events, memory }).catch((reason: unknown) => {
    log.warn({ reason: String(reason) }, 'edge-hub status will not be answered');
    return undefined;
  }) : undefined;
  await using _health = await startHealth({ ...health, registry: hub.metrics, notReady: () => hub.notReady, takenForMs: drainMs + graceMs });
  if (!signal.aborted) await once(signal, 'abort');
  await hub.stop(drainMs);
});
