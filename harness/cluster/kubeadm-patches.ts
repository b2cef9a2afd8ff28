import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeMount } from './kind-config.ts';

/** Where control planes have them: kind's configuration of kubeadm names it. */
const kubeadmPatchesFolder = '/kind/edgeproof-patches';

/** Asked every second instead of every 10, and for as long in all as kubeadm means: four minutes. */
const startup = { initialDelaySeconds: 1, periodSeconds: 1, failureThreshold: 240 };

const probeOf = (name: string, probe: object): object => ({ spec: { containers: [{ name, ...probe }] } });

/**
 * What kubeadm's manifests are given beyond what its configuration can say, by the file that it reads it from (strategic merge patches,
 * `kubeadm init --patches`). A static Pod is not Ready before its first startup probe, which kubeadm sets 10 s after its start, and CoreDNS,
 * which is not ready at the first look as it has not heard of any Service then, is looked at again after Kubernetes' own 10 s.
 */
const kubeadmPatches: Readonly<Record<string, object>> = {
  ...Object.fromEntries(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map((name) => [`${name}+strategic.json`, probeOf(name, { startupProbe: startup })])),
  'corednsdeployment+strategic.json': { spec: { template: probeOf('coredns', { readinessProbe: { periodSeconds: 1 } }) } },
};

/** Writes them into a folder of this host, and says how they come to a control plane. */
export async function writeKubeadmPatches(folder: string): Promise<NodeMount> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [name, patch] of Object.entries(kubeadmPatches)) await writeFile(join(folder, name), JSON.stringify(patch), { mode: 0o600 });
  return { hostPath: folder, containerPath: kubeadmPatchesFolder, readOnly: true };
}
