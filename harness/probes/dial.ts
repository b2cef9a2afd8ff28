import { type Docker } from '../docker/docker.ts';
import { type ReachProbe, type Seen } from './reach-plan.ts';

/** How long a dial waits before it calls it silence. On one machine an answer takes a few milliseconds. */
const silenceSeconds = 2;
/** Exit codes of curl: https://curl.se/libcurl/c/libcurl-errors.html */
const curlCouldNotConnect = 7;
const curlTimedOut = 28;

export interface Dialled {
  readonly seen: Seen;
  /** In curl's words, when it was not an answer. */
  readonly detail: string;
}

/**
 * Dials all TCP ports from one node at once, from inside the node.
 *
 * @param slackMs added to the time that an answer may take: the link's own delay
 * @throws ExecError when the node does not answer
 */
export async function dialFrom(docker: Docker, node: string, probes: readonly ReachProbe[], slackMs: number, signal: AbortSignal): Promise<Dialled[]> {
  if (probes.length === 0) return [];
  // Plain HTTP elsewhere: curl then tells a connection from an answer, and a TLS server answers that with an error.
  const urls = probes.flatMap((probe) => ['--output', '/dev/null', isWay(probe) ? `https://${probe.address}:${probe.port}/livez` : `http://${probe.address}:${probe.port}/`]);
  const maxSeconds = silenceSeconds + 3 + slackMs / 1000;
  const { stdout } = await docker.exec(node, [
    'curl', '--silent', '--insecure', '--noproxy', '*', '--parallel', '--parallel-immediate', '--parallel-max', '200',
    '--connect-timeout', String(silenceSeconds), '--max-time', String(maxSeconds),
    '--write-out', '%{urlnum} %{exitcode} %{time_connect} %{http_code} %{errormsg}\\n', ...urls,
  ], { accept: 'any', timeoutMs: (maxSeconds + 20) * 1000, signal });
  const lines = new Map(stdout.split('\n').map((line) => [Number.parseInt(line, 10), line]));
  return probes.map((probe, index) => readCurl(lines.get(index), isWay(probe)));
}

const isWay = (probe: ReachProbe): boolean => probe.about === 'wan';

/**
 * Reads curl's line about one dial. A proxy accepts a connection even when nobody is behind it: where HTTP is
 * `wanted`, only an answer counts.
 */
export function readCurl(line: string | undefined, wanted: boolean): Dialled {
  const [, exit, connect, status, detail = ''] = /^\d+ (\d+) ([\d.]+) (\d+) ?(.*)$/.exec(line ?? '') ?? [];
  if (exit === undefined) return { seen: 'failed', detail: `curl said nothing of it: ${line ?? ''}` };
  if (Number(status) !== 0) return { seen: 'answers', detail: `HTTP ${status}` };
  if (Number(connect) > 0) return wanted ? { seen: 'failed', detail: `connected, then: ${detail}` } : { seen: 'answers', detail };
  if (Number(exit) === curlTimedOut) return { seen: 'nothing', detail };
  if (Number(exit) === curlCouldNotConnect) return { seen: 'refused', detail };
  return { seen: 'failed', detail: `curl ${exit}: ${detail}` };
}

/**
 * Arguments: addresses. Sends an ICMP echo request to each, and prints how many answers came back; then how many IPv6
 * addresses eth0 has. An upstream node image has no ping of its own; each of ours has busybox.
 */
const icmpScript = `
busybox true || exit 9
for address in "$@"; do
  { busybox ping -c 1 -W 1 "$address" >/dev/null 2>&1 && echo "$address 1" || echo "$address 0"; } &
done
wait
echo "ipv6 $(grep -c ' eth0$' /proc/net/if_inet6 2>/dev/null)"
`;

/** Echo requests from one node to all addresses at once, and a look at its own IPv6 addresses. @throws ExecError */
export async function pingFrom(docker: Docker, node: string, probes: readonly ReachProbe[], signal: AbortSignal): Promise<Dialled[]> {
  if (probes.length === 0) return [];
  const addresses = probes.filter(({ port }) => port === 'icmp').map(({ address }) => address);
  const { stdout } = await docker.exec(node, ['sh', '-c', icmpScript, 'edgeproof', ...addresses], { timeoutMs: 20_000, signal });
  const counts = new Map(stdout.split('\n').map((line) => line.split(' ') as [string, string]));
  return probes.map(({ address, port }) => {
    const count = counts.get(port === 'ipv6' ? 'ipv6' : address);
    if (count === undefined || Number.isNaN(Number(count))) return { seen: 'failed', detail: 'no count came back' };
    const what = port === 'ipv6' ? `${count} IPv6 addresses on eth0` : `${count} answers to an ICMP echo request`;
    return { seen: Number(count) > 0 ? 'answers' : 'nothing', detail: what };
  });
}
