/** A line of `conntrack --dump`: who dialled what, and how that is answered, each as `ADDRESS:PORT`. */
export interface Tracked {
  readonly from: string;
  readonly to: string;
  /** Behind a Service another than `to`. */
  readonly answeredBy: string;
  readonly answeredTo: string;
}

/** `tcp 6 86400 ESTABLISHED src=… dst=… sport=… dport=… src=… dst=… sport=… dport=…`: as it was dialled, then as it is answered. */
const readTracked = (text: string): Tracked[] => text.split('\n').flatMap((line) => {
  const [dialled, answered] = [...line.matchAll(/src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)/g)];
  if (dialled === undefined || answered === undefined) return [];
  const [, from, to, fromPort, toPort] = dialled;
  const [, answeredBy, answeredTo, byPort, backPort] = answered;
  return [{ from: `${from}:${fromPort}`, to: `${to}:${toPort}`, answeredBy: `${answeredBy}:${byPort}`, answeredTo: `${answeredTo}:${backPort}` }];
});

/** A TCP socket of a node or of one of its Pods. */
export interface Socket {
  /** File of the network namespace that it is in; `node`: the node's own. */
  readonly netns: string;
  /** As `ss` writes them, for a filter of `ss`. */
  readonly raw: { readonly local: string; readonly peer: string };
  /** `ADDRESS:PORT` */
  readonly local: string;
  readonly peer: string;
}

/** `#netns FILE`, then lines as `0 0 [::ffff:10.244.1.6]:8132 [::ffff:10.244.1.1]:31701` */
function readSockets(text: string): Socket[] {
  let netns = 'node';
  return text.split('\n').flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    if (columns[0] === '#netns') netns = columns[1] ?? netns;
    // Asked for several states, ss says which first.
    const [, , local, peer] = /^\d+$/.test(columns[0] ?? '') ? columns : columns.slice(1);
    return columns[0] === '#netns' || local === undefined || peer === undefined ? [] : [{ netns, raw: { local, peer }, local: plain(local), peer: plain(peer) }];
  });
}

const plain = (address: string): string => address.replace(/^\[::ffff:([\d.]+)\]/, '$1');

/**
 * Shell: prints what the node tracks, then after a mark the established sockets of the node and of its Pods. Both are asked, as each
 * alone would not do: only the first knows what was dialled behind a Service; and only a socket knows that its owner has closed it
 * while what was sent before finds no way out. A namespace that ends meanwhile is passed over; any other failure is one.
 *
 * @param filter of conntrack: words of the script, `"$1"` being its first argument
 * @param states as ss names them
 */
export const socketsScript = (filter = '', states: readonly string[] = ['established']): string => `
set -e
conntrack --dump --proto tcp ${filter}
echo "#sockets"
ss --no-header --tcp --numeric ${states.map((state) => `state ${state}`).join(' ')}
for namespace in /var/run/netns/*; do
  [ -e "$namespace" ] || continue
  echo "#netns $namespace"
  nsenter --net="$namespace" ss --no-header --tcp --numeric ${states.map((state) => `state ${state}`).join(' ')} || [ ! -e "$namespace" ]
done`;

/** Reads what `socketsScript` prints. */
export function readConnections(text: string): { readonly tracked: Tracked[]; readonly sockets: Socket[] } {
  const [tracked = '', sockets = ''] = text.split('#sockets\n');
  return { tracked: readTracked(tracked), sockets: readSockets(sockets) };
}
