import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Docker } from '../harness/docker/docker.ts';
import { asksForPods, asNodeSays } from '../harness/probes/pods-on-node.ts';
import { createFault, type FaultContext } from './fault.ts';

const cluster = { name: 'dev', nodes: [{ name: 'edge', tier: 'edge', address: '10.0.0.2', site: 'east' }], wans: [{ site: 'east', address: '10.0.0.9' }] };
const contextOf = (exec: (node: string, argv: string[]) => Promise<unknown>): FaultContext => ({ cluster, docker: { exec } as unknown as Docker, signal: AbortSignal.timeout(1000) }) as unknown as FaultContext;
const answer = (stdout = '', code = 0, stderr = '') => ({ code, stdout, stderr });

/** A node whose containerd starts anew or does not, and answers after a while or never. */
function node({ restarts = true, silentFor = 0, state = 'active' }) {
  const asked: string[] = [];
  let starts = 1;
  let unheard = silentFor;
  const exec = async (_: string, argv: string[]) => {
    asked.push(argv.slice(0, 3).join(' '));
    if (argv[1] === 'restart' && restarts) starts += 1;
    if (argv[1] === 'show') return answer(`MainPID=${100 + starts}\nExecMainStartTimestampMonotonic=${starts}\nActiveState=${state}\n`);
    if (argv[0] === 'crictl') return (unheard -= 1) >= 0 ? answer('', 1, 'connection refused') : answer('Version: 0.1.0');
    return answer();
  };
  return { ctx: contextOf(exec), asked };
}

test('containerd has been restarted when another process runs and answers', async () => {
  const { ctx, asked } = node({ silentFor: 1 });
  const fault = createFault('containerd-restart', 'site east');
  await assert.rejects(fault.verify(ctx), { code: 'FAULT_NOT_SEEN' });
  await fault.inject(ctx);
  await fault.inject(ctx);
  assert.equal(await fault.verify(ctx), 'edge: containerd is PID 102, it was 101, and answers');
  assert.equal(asked.filter((one) => one === 'systemctl restart containerd').length, 1);
  for (let time = 0; time < 2; time += 1) await fault.heal(ctx);
  assert.equal(asked.at(-1), 'systemctl start containerd');
  for (const bad of [node({ restarts: false }), node({ state: 'failed' })]) {
    const unfelt = createFault('containerd-restart', 'node edge');
    await unfelt.inject(bad.ctx);
    await assert.rejects(unfelt.verify(bad.ctx), { code: 'FAULT_NOT_SEEN' });
  }
  const mute = node({ silentFor: 1000 });
  const unheard = createFault('containerd-restart', 'node edge');
  await unheard.inject(mute.ctx);
  await assert.rejects(unheard.verify(mute.ctx), { name: 'TimeoutError' });
});

/** A node with kube-proxy among others in its namespace; the kubelet starts it again or does not. */
function withProxy({ comesBack = true, there = true }) {
  const killed: string[] = [];
  let container = 'old-container';
  const sandbox = (id: string, name: string) => ({ id, metadata: { name, namespace: 'kube-system', uid: id }, state: 'SANDBOX_READY', createdAt: '1' });
  const ctx = contextOf(async (_, argv) => {
    const line = argv.join(' ');
    if (asksForPods(argv)) {
      return answer(asNodeSays(
        { items: [sandbox('s0', 'coredns-x'), ...(there ? [sandbox('s1', 'kube-proxy-x')] : [])] },
        { containers: [{ id: 'dns', podSandboxId: 's0', metadata: { name: 'coredns' }, state: 'CONTAINER_RUNNING', createdAt: '1' }, { id: container, podSandboxId: 's1', metadata: { name: 'kube-proxy' }, state: 'CONTAINER_RUNNING', createdAt: '1' }] },
      ));
    }
    if (line.startsWith('crictl inspect')) return answer(JSON.stringify({ status: { state: 'CONTAINER_RUNNING' }, info: { pid: line.endsWith('dns') ? 50 : 77 } }));
    killed.push(line);
    if (comesBack) container = 'new-container';
    return answer();
  });
  return { ctx, killed };
}

test('kube-proxy is killed, and nothing else; it is over when the next one runs', async () => {
  const { ctx, killed } = withProxy({});
  const fault = createFault('kube-proxy-restart', 'node edge');
  await fault.inject(ctx);
  assert.equal(await fault.verify(ctx), 'edge: kube-proxy runs in container new-containe, it was old-containe');
  assert.deepEqual(killed, ['kill -KILL 77']);
  await assert.rejects(createFault('kube-proxy-restart', 'node edge').inject(withProxy({ there: false }).ctx), { code: 'FAULT_NO_VICTIM', message: /kube-proxy does not run on edge/ });
  const dead = withProxy({ comesBack: false });
  const unfelt = createFault('kube-proxy-restart', 'node edge');
  await unfelt.inject(dead.ctx);
  await assert.rejects(unfelt.verify(dead.ctx), { name: 'TimeoutError' });
});
