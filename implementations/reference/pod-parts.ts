import { tierNodeLabel } from '../../harness/cluster/labels.ts';
import type { Topology } from '../../topologies/schema.ts';

/** What all of the components' containers may do: nothing but run. */
export const lockedDown = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } } as const;

/** `nonroot` in images with Node. */
const user = 65_532;

/** Of a Pod whose processes are nobody in particular. */
export const nonRoot = { runAsNonRoot: true, runAsUser: user, runAsGroup: user, seccompProfile: { type: 'RuntimeDefault' } } as const;

/** What ties a Pod to cloud nodes: to the control plane where there are no others. */
export const onCloudNodes = ({ workers }: Topology['cloud']): object => ({
  nodeSelector: { [tierNodeLabel]: 'cloud' },
  tolerations: workers > 0 ? [] : [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }],
});

/** What ties a Pod to every edge node, as one of the node's own parts. */
export const onEdgeNodes = { priorityClassName: 'system-node-critical', nodeSelector: { [tierNodeLabel]: 'edge' }, tolerations: [{ operator: 'Exists' }] } as const;

/** A probe of a program on its host's network, which answers on the loopback alone. */
export const loopbackProbe = (port: number, path: string, rest: object): object => ({ httpGet: { host: '127.0.0.1', path, port }, timeoutSeconds: 5, ...rest });

export const mount = (name: string, mountPath: string): object => ({ name, mountPath, readOnly: true });

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** `{ dialMs: 4000 }` → `--dial-ms=4000`. */
export const flagsOf = (values: Readonly<Record<string, string | number>>): string[] =>
  Object.entries(values).map(([key, value]) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}=${value}`);
