import { CannotTellError } from '../../core/errors.ts';
import { kubectl, onControlPlane, saveOnControlPlane } from '../control-plane.ts';
import { type Fault } from '../fault.ts';
import { nodesOf, type Target } from '../target.ts';
import { annotated, annotationIn, forgetOldMacs, vtepAnnotation } from '../vtep.ts';

/** On the control plane, for whoever heals: the annotation as it was. */
const savedAt = (node: string): string => `/var/lib/edgeproof-vtep-annotation-${node}`;

/**
 * The annotation in which flannel keeps a node's VTEP MAC is removed from the Node, as by an administrator. The node itself need not be there. Who has
 * it written again at once does well: so the answer to the removal is what is looked at.
 */
export function vtepAnnotationLost(target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> {
  const answers = new Map<string, string>();
  return {
    inject: async (ctx) => {
      const nodes = nodesOf(target, ctx.cluster);
      for (const { name } of nodes) {
        const text = await annotated(ctx, name);
        if (text !== undefined) await saveOnControlPlane(ctx, savedAt(name), text);
      }
      const struckAt = new Date();
      await Promise.all(nodes.map(async ({ name }) => {
        answers.set(name, (await onControlPlane(ctx, [...kubectl, 'annotate', 'node', name, `${vtepAnnotation}-`, '--output', 'json'])).stdout);
      }));
      return struckAt;
    },
    verify: async (ctx) => nodesOf(target, ctx.cluster).map(({ name }) => {
      const answer = answers.get(name);
      if (answer === undefined) throw new CannotTellError('FAULT_NOT_SEEN', `nothing was removed from Node ${name} yet`);
      const text = annotationIn(answer);
      if (text !== undefined) throw new CannotTellError('FAULT_NOT_SEEN', `Node ${name} still says ${text}`);
      return `the API answered with a Node ${name} without ${vtepAnnotation}`;
    }).join('; '),
    heal: async (ctx) => {
      await Promise.all(nodesOf(target, ctx.cluster).map(async ({ name }) => {
        const { code, stdout } = await onControlPlane(ctx, ['cat', savedAt(name)], { accept: 'any' });
        if (code !== 0) return; // It was not removed, or was healed.
        // Refused where somebody else has written it meanwhile.
        const { stderr } = await onControlPlane(ctx, [...kubectl, 'annotate', 'node', name, `${vtepAnnotation}=${stdout.trim()}`], { accept: 'any' });
        if ((await annotated(ctx, name)) === undefined) throw new CannotTellError('FAULT_NOT_HEALED', `Node ${name} has not got its annotation back: ${stderr.trim()}`);
        await forgetOldMacs(ctx, name);
        await onControlPlane(ctx, ['rm', '-f', savedAt(name)]);
      }));
    },
  };
}
