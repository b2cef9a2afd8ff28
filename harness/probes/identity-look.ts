import { describeError } from '../../core/errors.ts';
import { vtepDevice } from '../cluster/flannel.ts';
import type { Docker } from '../docker/docker.ts';

/** What could not be read, and why: never the same as anything. */
export interface Unread {
  readonly unread: string;
}

/** What was read; null where there was nothing. */
export type Reading = string | null | Unread;

/** A Pod's newest sandbox, as the node itself has it. */
export interface SandboxLook {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly ready: boolean;
  /** IPv4 address on its own interface, on the host's network the node's; null when it has none, as one that is not ready. */
  readonly address: Reading;
}

/** Who a node is and whom it knows, as it says itself. */
export interface NodeLook {
  /** Of flannel.1 in /sys/class/net, lower case; null when there is no such interface. */
  readonly mac: string | null;
  /** Forwarding database of flannel.1: to whose address frames for a MAC go. */
  readonly forwards: readonly { readonly mac: string; readonly dst: string }[];
  /** Neighbour table (ARP) of flannel.1. */
  readonly neighbours: readonly { readonly dst: string; readonly mac: string }[];
  /** The newest of each Pod. */
  readonly sandboxes: readonly SandboxLook[] | Unread;
}

interface Inspection {
  readonly status: {
    readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
    readonly state: string;
    readonly createdAt: string;
    readonly linux?: { readonly namespaces?: { readonly options?: { readonly network?: string } } };
  };
  readonly info?: { readonly pid?: number };
}

type Links = readonly { readonly addr_info?: readonly { readonly family: string; readonly local: string; readonly scope: string }[] }[];

/** Of a node that answers at all; it is asked twice. */
const lookTimeoutMs = 5000;
/** As in RFC 7464: JSON has no such byte. */
const separator = '\u001e';
/** Of a program that did not do what it was to do. */
const noAnswer = '!';
const next = `printf '\\036'`;

/** Without an ID crictl is told of all sandboxes by one process. One that is removed while it goes through them ends its answer, so it is asked again. */
const askSandboxesOfNode = `(crictl inspectp -o json || crictl inspectp -o json || printf '${noAnswer}')`;
const askNode = (pods: string): string => [`cat /sys/class/net/${vtepDevice}/address`, `bridge -j fdb show dev ${vtepDevice}`, `ip -j neigh show dev ${vtepDevice}`, 'ip -j -4 addr show dev eth0', pods].map((ask) => `${ask} 2>/dev/null`).join(`; ${next}; `);
/** For each process given, the addresses in its network namespace. */
const askSandboxes = `for pid do nsenter --target "$pid" --net ip -j -4 addr show dev eth0 2>/dev/null || printf '${noAnswer}'; ${next}; done`;

/** @internal For tests: which of the questions a node is asked. */
export const asksNode = (argv: readonly string[]): 'with its Pods' | 'alone' | undefined => (argv.includes(askNode(askSandboxesOfNode)) ? 'with its Pods' : argv.includes(askNode('')) ? 'alone' : undefined);
/** @internal */
export const asNodeSays = (...parts: readonly string[]): string => parts.join(separator);

/**
 * Looks at a node once, by two processes on it: whom it runs, and as whom it and its peers are known there. Works while the cloud is gone.
 *
 * @param withPods false: its sandboxes, which are most of the work, are not asked for, and it has none in the answer
 * @returns why nothing could be read, of a node that does not answer
 */
export async function lookAtNode(docker: Docker, node: string, { withPods = true, signal }: { readonly withPods?: boolean; readonly signal?: AbortSignal | undefined } = {}): Promise<NodeLook | Unread> {
  const options = { timeoutMs: lookTimeoutMs, accept: 'any' as const, ...(signal && { signal }) };
  try {
    const said = await docker.exec(node, ['sh', '-c', askNode(withPods ? askSandboxesOfNode : '')], options);
    const [mac = '', fdb, neighbours, host = '', inspected = ''] = said.stdout.split(separator);
    if (host === '') return { unread: said.stderr.trim().split('\n').at(-1) || `${node} does not say who it is` };
    return {
      mac: mac.trim().toLowerCase() || null,
      forwards: parse<{ mac: string; dst?: string }[]>(fdb, []).flatMap(({ mac: to, dst }) => (dst === undefined ? [] : [{ mac: to.toLowerCase(), dst }])),
      neighbours: parse<{ dst: string; lladdr?: string }[]>(neighbours, []).flatMap(({ dst, lladdr }) => (lladdr === undefined ? [] : [{ dst, mac: lladdr.toLowerCase() }])),
      sandboxes: inspected.endsWith(noAnswer) ? { unread: `the container runtime of ${node} does not answer` } : await sandboxesOf(newest(parse<Inspection[] | Inspection>(inspected, [])), host, async (pids) => {
        const { stdout } = await docker.exec(node, ['sh', '-c', askSandboxes, 'sh', ...pids], options);
        return stdout.split(separator);
      }),
    };
  } catch (error) {
    return { unread: describeError(error).split('\n', 1)[0]! };
  }
}

const isReady = ({ status }: Inspection): boolean => status.state === 'SANDBOX_READY';
const onHost = ({ status }: Inspection): boolean => status.linux?.namespaces?.options?.network === 'NODE';

/** @param ask what `ip` says in the network namespaces of these processes */
async function sandboxesOf(sandboxes: readonly Inspection[], host: string, ask: (pids: readonly string[]) => Promise<readonly string[]>): Promise<SandboxLook[]> {
  const own = sandboxes.filter((one) => isReady(one) && !onHost(one));
  const said = own.length === 0 ? [] : await ask(own.map(({ info }) => String(info?.pid ?? 0)));
  return sandboxes.map((one) => {
    const { name, namespace, uid } = one.status.metadata;
    return { namespace, name, uid, ready: isReady(one), address: isReady(one) ? addressIn(onHost(one) ? host : said[own.indexOf(one)]) : null };
  });
}

/** Of several of one name the one that was made last. One alone comes without a list around it. */
function newest(inspected: Inspection[] | Inspection): Inspection[] {
  const latest = new Map<string, Inspection>();
  for (const one of [inspected].flat().toSorted((a, b) => Date.parse(a.status.createdAt) - Date.parse(b.status.createdAt))) {
    const { namespace, name } = one.status.metadata;
    latest.set(`${namespace}/${name}`, one);
  }
  return [...latest.values()];
}

/** With nothing to tell of, crictl says how it is used, and ip nothing. */
const parse = <T>(text: string | undefined, otherwise: T): T => (/^\s*[[{]/.test(text ?? '') ? (JSON.parse(text!) as T) : otherwise);

function addressIn(links: string | undefined): Reading {
  if (links === undefined || links.endsWith(noAnswer)) return { unread: 'its network namespace could not be entered' };
  return parse<Links>(links, []).flatMap(({ addr_info = [] }) => addr_info).find(({ family, scope }) => family === 'inet' && scope === 'global')?.local ?? null;
}
