import { CannotTellError } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { askCloudAsNode } from '../../harness/probes/cloud-as-node.ts';
import { kubectl, onControlPlane, saveOnControlPlane } from '../control-plane.ts';
import { type Fault, type FaultContext } from '../fault.ts';
import { nodesOf, type Target } from '../target.ts';

/** On the control plane, for whoever heals: the Node as it was. */
const savedAt = (node: string): string => `/var/lib/edgeproof-deleted-node-${node}.json`;

/**
 * The Node object is deleted, as of a device that was stolen; the machine and its kubelet go on, with a certificate that is good.
 * Kubernetes deletes the Pods of such a node 40 s later and more: it is to be healed by then.
 */
export function nodeDelete(target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  return {
    inject: async (ctx) => {
      const there = (await Promise.all(nodesOf(target, ctx.cluster).map(async ({ name }) => {
        const node = await nodeOf(ctx, name);
        if (node === undefined) return [];
        await saveOnControlPlane(ctx, savedAt(name), manifestOf(node));
        return [name];
      }))).flat();
      if (there.length === 0) return undefined;
      const struckAt = new Date();
      await onControlPlane(ctx, [...kubectl, 'delete', 'node', ...there, '--wait=false']);
      return struckAt;
    },
    verify: async (ctx) => {
      const seen = await Promise.all(nodesOf(target, ctx.cluster).map(async ({ name }) => await waitFor(`Node ${name} deleted`, async (signal) => {
        const { status } = await askCloudAsNode({ ...ctx, signal }, name, `/api/v1/nodes/${name}`);
        return status === '404' ? { done: `${name} asked for its Node with its kubelet's certificate: 404` } : { missing: `${name} asked for its Node with its kubelet's certificate: ${status}` };
      }, { timeoutMs: 5000, everyMs: 100, signal: ctx.signal })));
      return seen.join('; ');
    },
    heal: async (ctx) => {
      await Promise.all(nodesOf(target, ctx.cluster).map(async ({ name }) => {
        const { code, stderr } = await onControlPlane(ctx, [...kubectl, 'create', '--filename', savedAt(name)], { accept: 'any' });
        // No file: it was not deleted, or was healed.
        if (/does not exist/.test(stderr)) return;
        if (/AlreadyExists/.test(stderr)) await demandOwn(ctx, name);
        else if (code !== 0) throw new CannotTellError('FAULT_NOT_HEALED', `Node ${name} is not made again: ${stderr.trim()}`);
        await onControlPlane(ctx, ['rm', '-f', savedAt(name)]);
      }));
    },
  };
}

interface Node {
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels?: object; readonly annotations?: Readonly<Record<string, string>> };
}

/** On a Node that was made again: the UID of the one whose place it takes. */
const takesPlaceOf = 'edgeproof.dev/takes-place-of';

/** A Node as the API has it, undefined when it has none. @throws CannotTellError `FAULT_FAILED` */
async function nodeOf(ctx: FaultContext, name: string): Promise<Node | undefined> {
  const { code, stdout, stderr } = await onControlPlane(ctx, [...kubectl, 'get', 'node', name, '--output', 'json'], { accept: 'any' });
  if (code === 0) return JSON.parse(stdout) as Node;
  if (/NotFound/.test(stderr)) return undefined;
  throw new CannotTellError('FAULT_FAILED', `Node ${name} cannot be read: ${stderr.trim()}`);
}

/**
 * Of a Node that is there although it is to be made again: it must be the one that an interrupted healing has made, or the one that was
 * never deleted. A kubelet that was restarted registers another, of other labels, taints and maybe another range of Pods.
 *
 * @throws CannotTellError `FAULT_NOT_HEALED`
 */
async function demandOwn(ctx: FaultContext, name: string): Promise<void> {
  const { stdout } = await onControlPlane(ctx, ['cat', savedAt(name)]);
  const deleted = (JSON.parse(stdout) as Node).metadata.annotations?.[takesPlaceOf];
  const now = await nodeOf(ctx, name);
  if (now === undefined || now.metadata.uid === deleted || now.metadata.annotations?.[takesPlaceOf] === deleted) return;
  throw new CannotTellError('FAULT_NOT_HEALED', `a Node ${name} is there that edgeproof has not made, in the place of the one that it deleted: its kubelet was restarted meanwhile, and has registered itself`, {
    next: `delete it and heal again: kubectl delete node ${name} && edgeproof fault heal --all`,
  });
}

/** A Node of the same labels, annotations, taints and range of Pods, but another one, which says so. */
function manifestOf({ metadata, ...rest }: Node): string {
  const { name, labels, annotations, uid } = metadata;
  return JSON.stringify({ ...rest, metadata: { name, labels, annotations: { ...annotations, [takesPlaceOf]: uid } } });
}
