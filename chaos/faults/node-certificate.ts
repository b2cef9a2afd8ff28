import { loadAuthority, type IssuedCertificate, type Validity } from '../../core/pki.ts';
import { waitFor } from '../../core/wait.ts';
import { controlPlaneOf } from '../../harness/cluster/state.ts';
import { kubeletCertificate } from '../../harness/probes/cloud-as-node.ts';
import { nodeCertificate, userOfNode } from '../../harness/probes/node-certificate.ts';
import { type Fault, type FaultContext } from '../fault.ts';
import type { ParametersOf } from '../fault-parameters.ts';
import { nodesOf, type Target } from '../target.ts';

type Deed = Pick<Fault, 'inject' | 'verify' | 'heal'>;

const timeoutMs = 20_000;
/** Beside the kubelet's own files, as the link that leads to them: ours, and the kubelet's link. */
const ours = '/var/lib/kubelet/pki/kubelet-client-edgeproof.pem';
const keptLink = '/var/lib/kubelet/pki/kubelet-client-edgeproof.link';

/** The kubelet's way to replace its certificate: a file beside the old one, and a link that changes at once. */
const replaceScript = `
set -e
umask 077
cat > "$1.partial"
mv "$1.partial" "$1"
[ -L "$2" ] || cp -P "$3" "$2"
ln -s "$1" "$3.partial"
mv -T "$3.partial" "$3"`;

/** A kubelet that has rotated meanwhile has changed the link itself: it stays. */
const restoreScript = `
set -e
if [ -L "$2" ]; then
  if [ "$(readlink "$3")" = "$1" ]; then mv -T "$2" "$3"; else rm "$2"; fi
fi
rm -f "$1" "$1.partial" "$3.partial"`;

/** A certificate of a node by the cluster's authority, whose key is on the control plane. */
async function issueFor({ cluster, docker, signal }: FaultContext, node: string, validity: Validity): Promise<IssuedCertificate> {
  const controlPlane = controlPlaneOf(cluster);
  const read = async (file: string): Promise<string> => (await docker.exec(controlPlane.name, ['cat', `/etc/kubernetes/pki/${file}`], { timeoutMs, signal })).stdout;
  const authority = await loadAuthority({ certPem: await read('ca.crt'), keyPem: await read('ca.key') });
  return await authority.issue({ commonName: `system:node:${node}`, organizations: ['system:nodes'], client: true, ...validity });
}

/** The file of a node's certificate is replaced, as its kubelet would; that goes on with what it has in memory. */
function replaced(target: Target, how: { ofNode(ctx: FaultContext, node: string): string; validity(): Validity }): Deed {
  const made = new Map<string, string>();
  return {
    inject: async (ctx) => {
      const pairs = await Promise.all(nodesOf(target, ctx.cluster).map(async ({ name }) => ({ name, pair: await issueFor(ctx, how.ofNode(ctx, name), how.validity()) })));
      const struckAt = new Date();
      await Promise.all(pairs.map(async ({ name, pair: { certPem, keyPem, serialNumber } }) => {
        await ctx.docker.exec(name, ['sh', '-c', replaceScript, 'edgeproof', ours, keptLink, kubeletCertificate], { timeoutMs, signal: ctx.signal, input: certPem + keyPem });
        made.set(name, serialNumber);
      }));
      return struckAt;
    },
    verify: async (ctx) => (await Promise.all(nodesOf(target, ctx.cluster).map(async ({ name }) => {
      const user = `system:node:${how.ofNode(ctx, name)}`;
      return await waitFor(`another certificate of ${name}`, async (signal) => {
        const { serialNumber, endsAt } = await nodeCertificate(ctx.docker, name, signal);
        if (serialNumber !== made.get(name)) return { missing: `its file holds one of serial ${serialNumber}, not ${made.get(name)}` };
        const taken = await userOfNode(ctx.docker, ctx.cluster, name, signal);
        return taken === user ? { done: `${name} is ${user} to the API server, until ${new Date(endsAt).toISOString()}` } : { missing: `the API server takes it for ${taken}` };
      }, { timeoutMs: 5000, everyMs: 100, signal: ctx.signal });
    }))).join('; '),
    heal: async ({ cluster, docker, signal }) => {
      await Promise.all(nodesOf(target, cluster).map(async ({ name }) => await docker.exec(name, ['sh', '-c', restoreScript, 'edgeproof', ours, keptLink, kubeletCertificate], { timeoutMs, signal })));
    },
  };
}

/** By another one of the same node, which ends soon: long enough to be taken up by who looks after it. */
export const certShort = (target: Target, { lifeSeconds }: ParametersOf<'cert-short'>): Deed => replaced(target, {
  ofNode: (_ctx, node) => node,
  validity: () => ({ notAfter: new Date(Date.now() + lifeSeconds * 1000) }),
});

/** By one of another node, of the edge if there is one. */
export const certOther = (target: Target): Deed => replaced(target, {
  ofNode: ({ cluster }, node) => {
    const others = cluster.nodes.filter(({ name }) => name !== node);
    return (others.find(({ tier }) => tier === 'edge') ?? others[0]!).name;
  },
  validity: () => ({ days: 1 }),
});
