import { controlPlaneOf, nodesOfSite, type NodeState } from '../harness/cluster/state.ts';
import { kubeletCertificate } from '../harness/probes/cloud-as-node.ts';
import { serviceProbes } from '../harness/probes/reach-plan.ts';
import { apiserver } from '../harness/wan/services.ts';
import { type FaultContext } from './fault.ts';

/** Exit code of curl: https://curl.se/libcurl/c/libcurl-errors.html */
export const curlTimedOut = 28;

/** Any slower and nothing is said of the link. */
const maxSeconds = 20;
const execTimeoutMs = (maxSeconds + 20) * 1000;

/** How long a node's TLS handshake with a service of the cloud took, over the link. */
export interface Handshake {
  readonly node: string;
  readonly port: number;
  /** Absent when there was none: nobody may stand behind the tunnel's port. */
  readonly ms?: number;
}

/** Handshakes of each: one that is slow by chance does not tell of a slow link. */
const handshakes = 3;

/** From inside each node of a site, with every service of the cloud, several times at once. @throws ExecError */
export async function timeHandshakes({ cluster, docker, signal }: FaultContext, site: string): Promise<Handshake[]> {
  return (await Promise.all(nodesOfSite(cluster, site).map(async (node) => {
    const probes = serviceProbes(cluster, node, 'answers').flatMap((probe) => Array.from({ length: handshakes }, () => probe));
    const { stdout } = await docker.exec(node.name, [
      // A tunnel's server speaks a protocol of its own, and may refuse who offers HTTP (RFC 7301).
      'curl', '--silent', '--insecure', '--noproxy', '*', '--no-alpn', '--parallel', '--parallel-immediate', '--parallel-max', '200', '--max-time', String(maxSeconds), '--header', 'Connection: close', // each one of its own
      '--write-out', '%{urlnum} %{time_connect} %{time_appconnect}\\n', ...probes.flatMap(({ address, port }) => ['--output', '/dev/null', `https://${address}:${port}/livez`]),
    ], { accept: 'any', timeoutMs: execTimeoutMs, signal });
    const lines = new Map(stdout.trim().split('\n').map((line) => line.split(' ').map(Number)).map(([index = -1, connected = 0, secured = 0]) => [index, secured > 0 ? Math.round((secured - connected) * 1000) : undefined]));
    return probes.map(({ port }, index): Handshake => {
      const ms = lines.get(index);
      return { node: node.name, port: Number(port), ...(ms !== undefined && { ms }) };
    });
  }))).flat();
}

/** What curl tells of one exchange with the API server. Times are from the start of the exchange. */
export interface Exchange {
  readonly node: string;
  /** Of curl; 0 is a whole answer. */
  readonly exit: number;
  /** `000`: none. */
  readonly status: string;
  /** When the link could be used: TCP and TLS are there. */
  readonly readyMs: number;
  /** The first byte of the answer. */
  readonly firstByteMs: number;
  readonly totalMs: number;
  /** Of the answer's body. */
  readonly bytes: number;
}

const said = '%{stderr}%{exitcode} %{http_code} %{time_pretransfer} %{time_starttransfer} %{time_total} %{size_download}\\n';
const asNode = `--silent --noproxy '*' --http1.1 --max-time ${maxSeconds} --cacert /etc/kubernetes/pki/ca.crt --cert ${kubeletCertificate} --key ${kubeletCertificate} --output - --write-out '${said}'`;

/** Arguments: a URL, and how many bytes of its answer are wanted: whoever has them goes away. */
const downloadScript = `curl ${asNode} "$1" | head -c "$2" >/dev/null`;
/** Arguments: a URL, and the size of what is posted there. */
const uploadScript = `{ printf '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview","metadata":{"annotations":{"edgeproof.dev/padding":"'; head -c "$2" /dev/zero | tr '\\0' x; printf '"}}}'; } |
curl ${asNode} --header 'Content-Type: application/json' --header 'Expect:' --data-binary @- "$1" >/dev/null`;
/** Argument: a URL. Whoever is spoken to in plain HTTP where TLS is due says so and closes; nothing else tells that the answer is whole (RFC 9112, 6.3). */
const closeScript = `curl --silent --noproxy '*' --http1.1 --max-time ${maxSeconds} --output /dev/null --write-out '${said}' "$1"`;

async function exchange({ cluster, docker, signal }: FaultContext, site: string, script: string, scheme: 'http' | 'https', path: string, ...args: readonly string[]): Promise<Exchange[]> {
  const url = `${scheme}://${controlPlaneOf(cluster).address}:${apiserver.port}${path}`;
  return await Promise.all(nodesOfSite(cluster, site).map(async ({ name }: NodeState) => {
    const { stderr } = await docker.exec(name, ['sh', '-c', script, 'edgeproof', url, ...args], { accept: 'any', timeoutMs: execTimeoutMs, signal });
    return readExchange(name, stderr);
  }));
}

/** @internal */
function readExchange(node: string, line: string): Exchange {
  const [, exit, status = '000', ready, first, total, bytes] = /^(\d+) (\d+) ([\d.]+) ([\d.]+) ([\d.]+) (\d+)$/m.exec(line) ?? [];
  const ms = (seconds: string | undefined): number => Math.round(Number(seconds ?? 0) * 1000);
  return { node, exit: Number(exit ?? -1), status, readyMs: ms(ready), firstByteMs: ms(first), totalMs: ms(total), bytes: Number(bytes ?? 0) };
}

/** Every client that says who it is may read it, and it has hundreds of KB (`system:discovery`). */
const largeAnswer = '/openapi/v3/api/v1';
/** As above (`system:basic-user`); it is read to its end, and changes nothing. */
const readToTheEnd = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

/** Each node of a site fetches up to so many bytes of a large answer, over the link. @throws ExecError */
export const download = async (ctx: FaultContext, site: string, bytes: number): Promise<Exchange[]> => await exchange(ctx, site, downloadScript, 'https', largeAnswer, String(bytes));

/** Each node of a site posts a little more than so many bytes, and waits for the answer. @throws ExecError */
export const upload = async (ctx: FaultContext, site: string, bytes: number): Promise<Exchange[]> => await exchange(ctx, site, uploadScript, 'https', readToTheEnd, String(bytes));

/** Each node of a site waits for the API server to close a connection. @throws ExecError */
export const hearClose = async (ctx: FaultContext, site: string): Promise<Exchange[]> => await exchange(ctx, site, closeScript, 'http', '/');
