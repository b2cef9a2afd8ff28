import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Given, Then, When } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { flannelNamespace } from '../harness/cluster/flannel.ts';
import { isMetricsServer } from '../harness/cluster/metrics-server.ts';
import type { KubePod } from '../harness/kube/objects.ts';
import { kubeletStartedAt } from '../harness/probes/kubelet.ts';
import { workloadImage } from '../images/versions.ts';
import { echoContainer } from '../harness/workloads/echo.ts';
import { longLine, writeLine, writeLines } from './support/app-container.ts';
import { attempt, failureOf } from './support/kubectl-attempt.ts';
import { onTerminal } from './support/terminal.ts';
import { podsOf, runsSince } from './support/tunnel-parts.ts';
import { attachArgs, execArgs, logsArgs, saysWithin, showsWhenWritten, through, transportEnv, where, type Transport } from './support/tunnel.ts';
import type { EdgeWorld } from './support/world.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

When('{string} writes {int} lines of {int} bytes', async function (this: EdgeWorld, name: string, lines: number, bytes: number) {
  await writeLines(this, this.app(name), lines, bytes);
  this.written = { lines, bytes };
});

When('{string} writes the line {string}', async function (this: EdgeWorld, name: string, line: string) {
  await writeLine(this, this.app(name), line);
});

Then('kubectl logs of {string} has them all, in order, within {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  const app = this.app(name);
  const { lines: count, bytes } = this.written;
  const wrote = Array.from({ length: count }, (_, index) => longLine(index + 1, bytes));
  const seen = await through(this, { what: `kubectl logs of ${where(app)}`, code: 'LOGS_UNREACHABLE', args: logsArgs(this, app), seconds });
  const lines = seen.stdout.split('\n').filter((line) => line.startsWith('line '));
  const wrong = wrote.findIndex((line, index) => lines[index] !== line);
  if (wrong >= 0 || lines.length !== wrote.length) {
    throw new PromiseBroken('LOGS_INCOMPLETE', `of ${wrote.length} lines ${lines.length} came; the first that differs is number ${wrong}: ${JSON.stringify(lines[wrong]?.slice(0, 40))}`);
  }
});

Given('kubectl logs -f of {string} runs, and has shown its lines within {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  const app = this.app(name);
  const program = this.kubectl.start(logsArgs(this, app, '--follow'));
  this.programs.set('the followed log', program);
  await saysWithin(this, program, `edgeproof line 3 of ${app.pod}`, { what: `kubectl logs -f of ${where(app)}`, code: 'LOGS_UNREACHABLE', seconds });
});

Then('the followed log shows {string} within {int} s', async function (this: EdgeWorld, text: string, seconds: number) {
  await saysWithin(this, this.program('the followed log'), text, { what: 'the followed log', code: 'LOGS_LATE', seconds });
});

Then('kubectl logs --previous of {string} shows the lines it wrote, within {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  const app = this.app(name);
  const seen = await through(this, { what: `kubectl logs --previous of ${where(app)}`, code: 'LOGS_UNREACHABLE', args: logsArgs(this, app, '--previous'), seconds });
  if (!seen.stdout.includes(`edgeproof line 3 of ${app.pod}`)) throw new PromiseBroken('LOGS_INCOMPLETE', `the killed container's log lacks what it wrote: ${JSON.stringify(seen.stdout.slice(0, 200))}`);
});

Then('{int} bytes piped through cat in {string} over {word} come back the same, within {int} s', async function (this: EdgeWorld, bytes: number, name: string, transport: Transport, seconds: number) {
  const app = this.app(name);
  const input = randomBytes(bytes);
  const what = `${bytes} bytes through cat in ${where(app)} over ${transport}`;
  await using program = this.kubectl.start(execArgs(this, app, 'exec cat', ['--stdin']), { input, env: transportEnv(transport) });
  await this.within({ what, seconds, code: 'EXEC_UNREACHABLE', everyMs: 50 }, async () => (program.code === undefined ? { missing: `${program.output.length} bytes have come back: ${program.stderr.trim()}` } : { done: true }));
  if (program.code !== 0) throw new PromiseBroken('EXEC_UNREACHABLE', `${what}: exit code ${program.code}: ${program.stderr.trim()}`);
  if (sha256(program.output) !== sha256(input)) throw new PromiseBroken('EXEC_OUTPUT_LOST', `${what}: ${program.output.length} bytes came back, and not the same`);
});

/*
 * `script` gives kubectl a terminal of its own. The window is resized while the command waits for it: kubectl hears of it
 * by SIGWINCH, and the size goes down its own stream of the exec.
 */
Then('kubectl exec -it in {string} over {word} sees a terminal of {int} rows and {int} columns, and its resize to {int} rows and {int} columns, within {int} s', async function (this: EdgeWorld, name: string, transport: Transport, rows: number, columns: number, rows2: number, columns2: number, seconds: number) {
  const app = this.app(name);
  const size = (lines: number, width: number): string => `${lines} ${width}`;
  // `script` writes its command at the head of what it writes: what is waited for there must not stand in the command.
  const inside = `saw() { until [ "$(stty size)" = "$2" ]; do sleep 0.1; done; echo "size $1 seen"; }; saw 1 "${size(rows, columns)}"; saw 2 "${size(rows2, columns2)}"`;
  const quoted = [this.kubectl.path, ...execArgs(this, app, inside, ['--stdin', '--tty'])].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const session = `stty rows ${rows} cols ${columns}; (while ! grep -q "size [1] seen" "$SEEN"; do sleep 0.1; done; stty rows ${rows2} cols ${columns2} < /dev/tty) & ${quoted}`;
  const folder = await mkdtemp(join(tmpdir(), 'edgeproof-tty-'));
  try {
    const seenFile = join(folder, 'typescript');
    await using program = onTerminal(session, { ...this.kubectl.env, ...transportEnv(transport), SEEN: seenFile }, seenFile);
    const what = `kubectl exec -it in ${where(app)}`;
    await this.within({ what, seconds, code: 'EXEC_UNREACHABLE', everyMs: 100 }, async () => (program.code === undefined ? { missing: `it said ${JSON.stringify(program.stdout.slice(-200))}` } : { done: true }));
    if (!program.stdout.includes('size 2 seen')) throw new PromiseBroken(program.stdout.includes('size 1 seen') ? 'TTY_RESIZE_LOST' : 'EXEC_UNREACHABLE', `${what}: ${JSON.stringify(program.stdout.slice(-300))}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

Then('kubectl attach to {string} over {word} shows {string} when it is written, within {int} s', async function (this: EdgeWorld, name: string, transport: Transport, text: string, seconds: number) {
  const app = this.app(name);
  await using program = this.kubectl.start(attachArgs(this, app), { env: transportEnv(transport) });
  await showsWhenWritten(this, program, app, text, seconds);
});

Then('a file of {int} bytes copied into {string} and back by kubectl cp has the same checksum, within {int} s each', async function (this: EdgeWorld, bytes: number, name: string, seconds: number) {
  const app = this.app(name);
  const folder = await mkdtemp(join(tmpdir(), 'edgeproof-cp-'));
  try {
    const content = randomBytes(bytes);
    await writeFile(join(folder, 'down'), content);
    const inPod = `${this.namespace}/${app.pod}:/tmp/copied`;
    const copy = async (what: string, from: string, to: string): Promise<void> => void (await through(this, { what: `kubectl cp ${what} ${where(app)}`, code: 'EXEC_UNREACHABLE', args: ['cp', '--container', echoContainer, from, to], seconds }));
    await copy('into', join(folder, 'down'), inPod);
    const there = await through(this, { what: 'sha256sum of what arrived', code: 'EXEC_UNREACHABLE', args: execArgs(this, app, 'sha256sum /tmp/copied'), seconds: 20 });
    if (!there.stdout.startsWith(sha256(content))) throw new PromiseBroken('COPY_CORRUPT', `what arrived in ${app.pod} is not what was sent: ${there.stdout.trim()}`);
    await copy('out of', inPod, join(folder, 'up'));
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(folder, 'up')), hash);
    if (hash.digest('hex') !== sha256(content)) throw new PromiseBroken('COPY_CORRUPT', `what came back from ${app.pod} is not what was sent`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

Then('kubectl debug of {string} prints what its container prints, within {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  const app = this.app(name);
  const args = ['debug', '--namespace', this.namespace, app.pod, `--image=${workloadImage}`, '--image-pull-policy=Never', '--stdin', '--quiet', '--', 'sh', '-c', 'read line; echo "debugged $line"; sleep 60'];
  // Its stdin stays open: at the end of it containerd detaches whoever is attached, whatever the container still says.
  await using program = this.kubectl.start(args, { input: 'open' });
  program.write('at the edge\n');
  await saysWithin(this, program, 'debugged at the edge', { what: `kubectl debug of ${where(app)}`, code: 'EXEC_UNREACHABLE', seconds });
});

Then('the API server\'s proxy to the edge node answers {string} at healthz, within {int} s', async function (this: EdgeWorld, expected: string, seconds: number) {
  const { name } = this.roles.edgeNode;
  const seen = await through(this, { what: `the proxy to ${name}`, code: 'NODE_UNREACHABLE', args: ['get', '--raw', `/api/v1/nodes/${name}/proxy/healthz`], seconds });
  if (seen.stdout.trim() !== expected) throw new PromiseBroken('NODE_UNREACHABLE', `the kubelet of ${name} said ${JSON.stringify(seen.stdout)}`);
});

Then('the API server\'s proxy to {string} is answered by it, within {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  const app = this.app(name);
  const seen = await through(this, { what: `the proxy to ${where(app)}`, code: 'POD_UNREACHABLE', args: ['get', '--raw', `/api/v1/namespaces/${this.namespace}/pods/${app.pod}:${app.port}/proxy/`], seconds });
  if (!seen.stdout.includes(app.uid)) throw new PromiseBroken('POD_UNREACHABLE', `something else than ${app.pod} answered: ${seen.stdout.slice(0, 200)}`);
});

/**
 * metrics-server asks each kubelet every 10 s, and needs two answers for a figure. Whoever was cut off, or has just started, is given time for
 * both: the kubelet too, which the clean-up after another scenario may have restarted.
 */
Then('kubectl top shows the edge node and a Pod on it, within {int} s, or {int} s after a start of metrics-server, the tunnel or the kubelet, or the end of a fault', async function (this: EdgeWorld, seconds: number, afterSeconds: number) {
  const { name } = this.roles.edgeNode;
  const metricsServer = (await this.kube.list<KubePod>('v1', 'Pod', { namespace: 'kube-system', signal: this.signal })).filter(isMetricsServer);
  const tunnel = this.cluster.tunnel === undefined ? [] : [...(await podsOf(this, 'server')), ...(await podsOf(this, 'agent'))];
  const starts = [...metricsServer, ...tunnel].map((pod) => runsSince(pod) ?? Date.now());
  const ends = (await this.session.faults.records()).map(({ endedAt, startedAt }) => Date.parse(endedAt ?? startedAt));
  const since = Math.max(...starts, ...ends, await kubeletStartedAt(this.docker, name, this.signal));
  const look = async (args: readonly string[], wanted: RegExp): Promise<string | undefined> => {
    const seen = await attempt(this, args, { timeoutMs: 5000 });
    if (failureOf(seen) !== undefined) return `kubectl ${args.join(' ')}: ${failureOf(seen)}`;
    return wanted.test(seen.stdout) ? undefined : `kubectl ${args.join(' ')} has no figures of it: ${seen.stdout.split('\n').find((line) => line.startsWith(name)) ?? 'no line'}`;
  };
  const onNode = (await this.kube.list<KubePod>('v1', 'Pod', { namespace: flannelNamespace, fieldSelector: `spec.nodeName=${name}`, signal: this.signal }))[0];
  if (onNode === undefined) throw new CannotTellError('NO_POD', `no Pod of flannel is on ${name}`);
  const left = Math.max(seconds, Math.ceil((since - Date.now()) / 1000) + afterSeconds);
  await this.within({ what: `kubectl top of ${name}`, seconds: left, code: 'TOP_UNKNOWN', everyMs: 1000 }, async () => {
    const missing = (await look(['top', 'nodes', '--show-capacity=false'], new RegExp(`^${name}\\s+\\d+m\\s`, 'm'))) ?? (await look(['top', 'pods', '--namespace', flannelNamespace], new RegExp(`^${onNode.metadata.name}\\s+\\d+m\\s`, 'm')));
    return missing === undefined ? { done: true } : { missing };
  });
});
