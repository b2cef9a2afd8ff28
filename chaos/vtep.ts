import { CannotTellError } from '../core/errors.ts';
import { kubectl, onControlPlane } from './control-plane.ts';
import { type FaultContext, type FaultRecord } from './fault.ts';
import { nodesOf, parseTarget } from './target.ts';

const timeoutMs = 10_000;

/** Where flannel says which MAC a node has. */
export const vtepAnnotation = 'flannel.alpha.coreos.com/backend-data';
export const vtepDevice = 'flannel.1';

/** The MAC of a node's VTEP, in lower case; undefined when it has none. */
export async function deviceMac({ docker, signal }: FaultContext, node: string): Promise<string | undefined> {
  const { stdout } = await docker.exec(node, ['ip', '-j', 'link', 'show'], { timeoutMs, signal });
  return (JSON.parse(stdout) as { ifname: string; address?: string }[]).find(({ ifname }) => ifname === vtepDevice)?.address?.toLowerCase();
}

/** What the API says, to the letter; undefined when the Node has no such annotation. @throws CannotTellError `FAULT_FAILED` */
export async function annotated(ctx: FaultContext, node: string): Promise<string | undefined> {
  const { code, stdout, stderr } = await onControlPlane(ctx, [...kubectl, 'get', 'node', node, '--output', 'json'], { accept: 'any' });
  if (code !== 0) throw new CannotTellError('FAULT_FAILED', `Node ${node} cannot be read: ${stderr.trim()}`);
  return annotationIn(stdout);
}

/** Of a Node in JSON. */
export const annotationIn = (json: string): string | undefined => (JSON.parse(json) as { metadata: { annotations?: Readonly<Record<string, string>> } }).metadata.annotations?.[vtepAnnotation];

export function macIn(text: string | undefined): string | undefined {
  const mac = text === undefined ? undefined : (JSON.parse(text) as { VtepMAC?: string }).VtepMAC;
  return mac?.toLowerCase();
}

/**
 * Other nodes keep where they sent frames for a MAC that a node has no more: flannel writes the new entry beside the old one. What a fault has led
 * to is taken away, for who looks at it after that.
 */
export async function forgetOldMacs(ctx: FaultContext, node: string): Promise<void> {
  const { cluster, docker, signal } = ctx;
  const mac = macIn(await annotated(ctx, node));
  const address = cluster.nodes.find(({ name }) => name === node)?.address;
  if (mac === undefined) return;
  await Promise.all(cluster.nodes.filter(({ name }) => name !== node).map(async ({ name }) => {
    const { code, stdout } = await docker.exec(name, ['bridge', '-j', 'fdb', 'show', 'dev', vtepDevice], { accept: 'any', timeoutMs, signal });
    if (code !== 0) return; // It has no such device, so nothing of the kind either.
    const old = (JSON.parse(stdout) as { mac: string; dst?: string }[]).filter((one) => one.dst === address && one.mac.toLowerCase() !== mac);
    // Whoever keeps the node in order may have been faster.
    for (const one of old) await docker.exec(name, ['bridge', 'fdb', 'del', one.mac, 'dev', vtepDevice, 'dst', one.dst!, 'self'], { accept: 'any', timeoutMs, signal });
  }));
}

/**
 * Takes away what earlier faults on the MACs of nodes have led to at nodes that whoever healed them did not look at: those of other sites, and those that were cut off then and
 * heard of the changes afterwards.
 */
export async function forgetMacsOfFaults(ctx: FaultContext, records: readonly Pick<FaultRecord, 'kind' | 'target'>[]): Promise<void> {
  const targets = records.filter(({ kind }) => kind === 'vtep-annotation' || kind === 'vtep-mac').map(({ target }) => parseTarget(target)).filter((target) => target !== undefined);
  const nodes = new Set(targets.flatMap((target) => nodesOf(target, ctx.cluster)).map(({ name }) => name));
  for (const name of nodes) await forgetOldMacs(ctx, name);
}
