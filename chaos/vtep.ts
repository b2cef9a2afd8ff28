import { CannotTellError } from '../core/errors.ts';
import { vtepDevice } from '../harness/cluster/flannel.ts';
import { forgetOldForwards } from '../harness/cluster/old-forwards.ts';
import { kubectl, onControlPlane } from './control-plane.ts';
import { type FaultContext, type FaultRecord } from './fault.ts';
import { nodesOf, parseTarget } from './target.ts';

const timeoutMs = 10_000;

/** Where flannel says which MAC a node has. */
export const vtepAnnotation = 'flannel.alpha.coreos.com/backend-data';

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

/** What a fault on a node's MAC has led to at all other nodes is taken away, for who looks at it after that. */
export async function forgetOldMacs(ctx: FaultContext, node: string): Promise<void> {
  const { cluster } = ctx;
  const mac = macIn(await annotated(ctx, node));
  const address = cluster.nodes.find(({ name }) => name === node)?.address;
  if (mac === undefined || address === undefined) return;
  await Promise.all(cluster.nodes.filter(({ name }) => name !== node).map(async ({ name }) => await forgetOldForwards(ctx, name, [{ address, mac }])));
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
