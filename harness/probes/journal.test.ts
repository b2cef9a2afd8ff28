import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exec } from '../../core/exec.ts';
import type { Docker } from '../docker/docker.ts';
import { sentence } from './happening.ts';
import { readJournal, readLines } from './journal.ts';

const [sandbox, container] = ['f2c605f6'.repeat(8), 'af3f5ed2'.repeat(8)];
const at = 1795846165;
/** As seen on nodes of kind: containerd 2.2, kubelet 1.37. */
const containerd = (second: number, level: string, message: string, more = ''): string =>
  `${at + second}.500000 dev-worker2 containerd[111]: time="2026-11-28T06:09:25.142878Z" level=${level} msg="${message.replaceAll('"', '\\"')}"${more}`;
const kubelet = (second: number, line: string): string => `${at + second}.250000 dev-worker2 kubelet[134]: ${line}`;
const systemd = (second: number, line: string): string => `${at + second}.000000 dev-worker2 systemd[1]: ${line}`;
const answer = (lines: readonly string[], containers = ''): string => `${containers}\u001e${lines.join('\n')}\n`;
const read = (lines: readonly string[], isForeign = (_namespace: string, _at: number): boolean => false) => readLines(answer(lines), at * 1000, isForeign);
const said = (lines: readonly string[]): string[] => read(lines).happenings.map(({ what, bad }) => `${bad === true ? '! ' : ''}${what}`);

test('the life of a Pod is told by its name, though containerd speaks of ids', () => {
  assert.deepEqual(said([
    containerd(0, 'info', 'RunPodSandbox for name:"app-7" uid:"54588faf" namespace:"ns"'),
    containerd(1, 'info', `RunPodSandbox for name:"app-7" uid:"54588faf" namespace:"ns" attempt:1 returns sandbox id "${sandbox}"`),
    containerd(2, 'info', `CreateContainer within sandbox "${sandbox}" for name:"echo" returns container id "${container}"`),
    containerd(3, 'info', `StartContainer for "${container}" returns successfully`),
    containerd(4, 'info', `received container exit event container_id:"${container}" id:"${container}" pid:3802 exit_status:137 exited_at:{seconds:1795846166}`),
    containerd(5, 'info', `received sandbox container exit event sandbox_id:"${sandbox}" exit_status:137 exited_at:{seconds:1795846166}`),
  ]), ['sandbox 2 of ns/app-7 made', 'echo of ns/app-7 started', '! echo of ns/app-7 ended with 137', 'sandbox of ns/app-7 ended with 137']);
});

test('a container of before is known by the name of its log', () => {
  const { happenings } = readLines(answer([containerd(1, 'info', `StopContainer for "${container}" with timeout 2 (s)`)], `app-7_ns_echo-${container}.log\n`), at * 1000, () => false);
  assert.deepEqual(happenings, [{ at: at * 1000 + 1500, what: 'echo of ns/app-7 is told to stop' }]);
});

test('a network that cannot be set up is told with its reason, once with a count', () => {
  const failed = (second: number, id: string): string => containerd(second, 'error', 'RunPodSandbox for name:"app-7" uid:"444048b8" namespace:"ns" attempt:1 failed, error',
    ` error="rpc error: code = Unknown desc = failed to setup network for sandbox \\"${id.repeat(8)}\\": plugin type=\\"flannel\\" failed (add): flanneld has not written this node's subnet yet"`);
  assert.deepEqual(read([failed(1, '9aefb67e'), failed(14, '6003da14')]).happenings, [{
    at: at * 1000 + 1500, what: 'no sandbox for ns/app-7: failed to setup network for sandbox "9aefb67e": plugin type="flannel" failed (add): flanneld has not written this node\'s subnet yet', bad: true, count: 2, until: at * 1000 + 14_500,
  }]);
  assert.deepEqual(said([containerd(1, 'error', 'failed to reload cni configuration after receiving fs change event(REMOVE        "/etc/cni/net.d/05.conflist")', ' error="cni config load failed: no network config found in /etc/cni/net.d"')]),
    ['! containerd: failed to reload cni configuration after receiving fs change event(REMOVE "/etc/cni/net.d/05.conflist"): cni config load failed: no network config found in /etc/cni/net.d']);
});

test('of the kubelet what went wrong is told, without what it says at every start', () => {
  assert.deepEqual(said([
    kubelet(1, 'E1128 06:09:36.284248     183 controller.go:260] "Failed to update lease" err="Put \\"https://dev-control-plane:6443/apis/coordination.k8s.io/v1/leases/dev-worker2?timeout=10s\\": dial tcp 172.17.0.9:6443: connect: connection refused"'),
    kubelet(2, 'E1128 06:12:41.788845    2603 server.go:1332] "Failed to set rlimit on max file handles" err="operation not permitted"'),
    kubelet(3, 'E1128 06:12:26.792851     409 pod_workers.go:1338] "Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"x\\" with CrashLoopBackOff: \\"back-off 10s\\"" pod="kube-flannel/kube-flannel-ds-79rh6" podUID="765f0a55"'),
    kubelet(3, String.raw`E1128 06:12:26.792851     409 status_manager.go:1] "Failed to update status for pod" err="failed to patch status \"{\\\"metadata\\\":{\\\"uid\\\":\\\"e4\\\"}}\" for pod \"ns\"/\"app\": the node is cut off" pod="ns/app"`),
    kubelet(4, 'I1128 06:10:57.094060     147 kubelet_node_status.go:125] "Node was previously registered" node="dev-worker2"'),
    kubelet(5, 'I1128 06:10:57.094060     147 server.go:1] "Started kubelet"'),
  ]), [
    '! kubelet: Failed to update lease: Put "https://dev-control-plane:6443/…": dial tcp 172.17.0.9:6443: connect: connection refused',
    '! kubelet: Error syncing pod kube-flannel/kube-flannel-ds-79rh6: failed to "StartContainer" for "x" with CrashLoopBackOff: "back-off 10s"',
    '! kubelet: Failed to update status for pod ns/app: failed to patch status for pod "ns"/"app": the node is cut off',
    'kubelet: Node was previously registered',
  ]);
});

test('services that start, stop and die are told', () => {
  assert.deepEqual(said([systemd(1, 'Stopped kubelet.service - kubelet.'), systemd(2, 'Starting kubelet.service - kubelet...'), systemd(3, 'Started kubelet.service - kubelet.'), systemd(4, 'edge-hub.service: Main process exited, code=killed, status=9/KILL')]),
    ['! kubelet stopped', 'kubelet started', '! edge-hub: Main process exited, code=killed, status=9/KILL']);
});

test('what is of somebody else, or of before, is left out', () => {
  const lines = [containerd(1, 'info', `RunPodSandbox for name:"a" uid:"1" namespace:"theirs" returns sandbox id "${sandbox}"`), containerd(-9, 'info', `RunPodSandbox for name:"b" uid:"1" namespace:"ours" returns sandbox id "${container}"`)];
  assert.deepEqual(read(lines, (namespace) => namespace === 'theirs').happenings, []);
});

test('no credentials come through, and no line is longer than a reader reads', () => {
  const [happening] = read([kubelet(1, `E1128 06:09:36.284248     183 x.go:260] "Cannot ask" err="Bearer abc.def.ghi and https://user:geheim@host/x and ${'long '.repeat(100)}"`)]).happenings;
  assert.doesNotMatch(happening!.what, /abc\.def|geheim/);
  assert.ok(happening!.what.length <= 300);
});

test('whatever a credential is called, and however it is quoted, it stays behind; what only speaks of one does not', () => {
  const said = ['{"token":"geheim"}', String.raw`err=\"password\": \"geheim\"`, '?access_token=geheim&x=1', 'client_secret: geheim', 'Authorization: Basic geheim==', 'password="geheim"', 'API-key=geheim'];
  for (const text of said) assert.doesNotMatch(sentence(text), /geheim/, text);
  for (const text of ['volume "kube-api-token": not found', 'secret "web" not found', 'no Basic networking']) assert.equal(sentence(text), text);
});

test('the node itself leaves out what tells nothing, and whole objects', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-journal-'));
  const status = String.raw`E1128 06:12:26.792851     409 status_manager.go:1] "Failed to update status for pod" err="failed to patch status \"{\\\"metadata\\\":{\\\"uid\\\":\\\"e4\\\"}}\" for pod \"ns\"/\"app\": connection refused" pod="ns/app"`;
  const lines = [kubelet(1, status), kubelet(2, 'I1128 06:12:26.792851     409 x.go:1] "Nothing of interest"'), systemd(3, 'Started kubelet.service - kubelet.'), kubelet(4, 'E1128 06:12:26.792851     409 x.go:1] "Unable to register mirror pod because node is not registered yet"')];
  await writeFile(join(folder.path, 'journal'), `${lines.join('\n')}\n`);
  await writeFile(join(folder.path, 'journalctl'), `#!/bin/sh\necho "$@" > ${join(folder.path, 'asked')}\ncat ${join(folder.path, 'journal')}\n`, { mode: 0o755 });
  let said = '';
  const docker = { exec: async (_node: string, argv: [string, ...string[]]) => {
    const result = await exec(argv, { env: { PATH: `${folder.path}:${process.env['PATH']}` } });
    said = result.stdout;
    return result;
  } } as unknown as Docker;
  const { happenings } = await readJournal(docker, 'dev-worker2', { since: at * 1000, units: ['edge-hub.service'], timeoutMs: 10_000 });
  assert.deepEqual(happenings.map(({ what }) => what), ['kubelet: Failed to update status for pod ns/app: failed to patch status for pod "ns"/"app": connection refused', 'kubelet started']);
  assert.doesNotMatch(said, /metadata|Nothing of interest|mirror/);
  assert.equal((await readFile(join(folder.path, 'asked'), 'utf8')).trim(), `--no-pager --quiet --merge --output=short-unix --since=@${at}.000 --unit=kubelet.service --unit=containerd.service --unit=edge-hub.service`);
});

test('a node that does not answer makes a gap and no error', async () => {
  const docker = { exec: async () => { throw new Error('container dev-worker2 is not running'); } } as unknown as Docker;
  const { happenings, gaps } = await readJournal(docker, 'dev-worker2', { since: at * 1000, timeoutMs: 1000 });
  assert.deepEqual(happenings, []);
  assert.match(gaps.join(), /the journal of dev-worker2 could not be read: .*is not running/);
});
