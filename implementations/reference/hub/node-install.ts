import { waitFor } from '../../../core/wait.ts';
import type { ClusterState } from '../../../harness/cluster/state.ts';
import { run, saysReady, write, type EdgeNode } from '../edge-node.ts';
import { componentsImage } from '../names.ts';
import { authorityFile, hubHealthPort, hubName, hubPort, kubeletConfig, kubeletConfigBefore, programFolder, stateFolder } from './names.ts';
import { addressUnit, hubUnit, kubernetesAddress } from './units.ts';

interface Node extends EdgeNode {
  readonly cluster: ClusterState;
}

const units = [`${hubName}-address.service`, `${hubName}.service`] as const;
const unitPath = (unit: string): string => `/etc/systemd/system/${unit}`;
/** Where the image is seen while the program is copied from it. */
const imageMount = '/run/edge-hub-image';
const readyTimeoutMs = 30_000;

/**
 * Makes a node's kubelet talk to a hub of its own. The node is not rebooted and no container of it ends.
 *
 * @throws ExecError; WaitTimeoutError when the hub does not become ready
 */
export async function installHub(target: Node): Promise<void> {
  await copyProgram(target);
  await write(target, unitPath(units[0]), addressUnit(target.cluster));
  await write(target, unitPath(units[1]), hubUnit(target.cluster, target.node));
  await run(target, 'systemctl', 'daemon-reload');
  await run(target, 'systemctl', 'enable', '--now', ...units);
  await saysReady('the hub', target, hubHealthPort);
  await pointKubelet(target);
}

/**
 * Waits until who dials the Service `kubernetes` on a node reaches the node's hub: only that has a certificate of the hub's authority.
 *
 * @throws WaitTimeoutError
 */
export async function serviceLeadsToHub({ docker, cluster, node, signal }: Node): Promise<void> {
  const url = `https://${kubernetesAddress(cluster.topology.overlay.serviceSubnet)}/livez`;
  await waitFor(`the Service kubernetes leading to the hub on ${node.name}`, async (look) => {
    const { code, stderr } = await docker.exec(node.name, ['curl', '--silent', '--show-error', '--max-time', '2', '--cacert', authorityFile, '--output', '/dev/null', url], { accept: 'any', timeoutMs: 10_000, signal: look });
    return code === 0 ? { done: undefined } : { missing: stderr.trim() };
  }, { timeoutMs: readyTimeoutMs, everyMs: 200, signal });
}

/** @throws ExecError */
export async function removeHub(target: Node): Promise<void> {
  const { code } = await target.docker.exec(target.node.name, ['test', '-e', kubeletConfigBefore], { accept: [0, 1], signal: target.signal });
  if (code === 0) {
    await run(target, 'mv', kubeletConfigBefore, kubeletConfig);
    await run(target, 'systemctl', 'restart', 'kubelet');
  }
  await target.docker.exec(target.node.name, ['systemctl', 'disable', '--now', ...units], { accept: 'any', timeoutMs: 60_000, signal: target.signal });
  await run(target, 'rm', '-rf', ...units.map(unitPath), programFolder, stateFolder);
  await run(target, 'systemctl', 'daemon-reload');
}

/** The node has the components' image: the hub runs from a copy, for it must run before containerd does, and without it. */
async function copyProgram(target: Node): Promise<void> {
  const ctr = ['ctr', '--namespace', 'k8s.io', 'images'] as const;
  await run(target, 'mkdir', '-p', '-m', '0700', imageMount, programFolder, stateFolder);
  await run(target, ...ctr, 'mount', componentsImage, imageMount);
  try {
    await run(target, 'cp', '-a', `${imageMount}/.`, programFolder);
  } finally {
    await run(target, ...ctr, 'unmount', '--rm', imageMount);
  }
  await run(target, 'rmdir', imageMount);
}

/** The kubelet's kubeconfig keeps its name for the cluster and its certificate: only whom it dials and whom it trusts changes. */
async function pointKubelet(target: Node): Promise<void> {
  const { docker, node, signal } = target;
  const read = async (path: string): Promise<string> => (await docker.exec(node.name, ['cat', path], { signal })).stdout;
  const before = await read(kubeletConfig);
  const authority = Buffer.from(await read(authorityFile)).toString('base64');
  const pointed = before
    .replace(/^(\s*server:\s*).*$/m, `$1https://127.0.0.1:${hubPort}`)
    .replace(/^(\s*certificate-authority-data:\s*).*$/m, `$1${authority}`);
  const { code } = await docker.exec(node.name, ['test', '-e', kubeletConfigBefore], { accept: [0, 1], signal });
  if (code === 1) await run(target, 'cp', '-p', kubeletConfig, kubeletConfigBefore);
  await write(target, kubeletConfig, pointed);
  await run(target, 'systemctl', 'restart', 'kubelet');
}
