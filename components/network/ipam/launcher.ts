import { callVariables } from './resident/variables.ts';

export interface LauncherOptions {
  /** Where the image's files are on the node: `usr/local/bin/node`, its libraries, the program. */
  readonly root: string;
  /** What is bundled, seen from there: `/app/edge-ipam.mjs`. */
  readonly program: string;
  /** Where the resident listens. */
  readonly socket: string;
}

/** So long an answer of the resident may take: the plugin waits for the lock itself. Seconds. */
const answerWithinS = 10;

const findLoader = (root: string): string => `for loader in ${root}/lib*/ld-linux-*.so.*; do :; done`;
const nodeOf = (root: string): string => `"$loader" --library-path "$(printf '%s:' ${root}/lib/*-linux-gnu ${root}/usr/lib/*-linux-gnu)" ${root}/usr/local/bin/node`;

/**
 * What is at `edge-ipam` in the folder of CNI plugins: a script. It asks the resident, if there are one and curl(1): a Node that has started already takes a
 * quarter of the time. Without an answer it starts the plugin, which comes to the same: both do the same to the same state, and twice is as once.
 *
 * Node and its libraries may be of another system than the node's own, and the plugin must see the node's files. So it is not run in the root folder
 * of its image, but from it: by its own loader, with its own libraries.
 */
export const launcher = ({ root, program, socket }: LauncherOptions): string => `#!/bin/sh
# The CNI plugin of edge-network: a Pod's address is the Pod's until it is gone.
input=$(cat)
newline='
'
if [ -S ${socket} ] &&
  answer=$({ printf '%s\\0' ${callVariables.map((name) => `"$${name}"`).join(' ')}; printf %s "$input"; } | curl -q --silent --noproxy '*' --max-time ${answerWithinS} --unix-socket ${socket} --data-binary @- --write-out '\\n%{http_code}' http://edge-network/ 2>/dev/null)
then
  text=\${answer%"$newline"*}
  case \${answer##*"$newline"} in
    200) [ -z "$text" ] || printf '%s\\n' "$text"; exit 0 ;;
    422) printf '%s\\n' "$text"; exit 1 ;;
  esac
fi
${findLoader(root)}
printf %s "$input" | ${nodeOf(root)} ${root}${program}
`;

/**
 * What starts the resident: from its image too, and in the node's own root folder.
 *
 * @param flags of Node
 */
export const residentLauncher = ({ root, program, flags = [] }: Omit<LauncherOptions, 'socket'> & { readonly flags?: readonly string[] }): string => `#!/bin/sh
${findLoader(root)}
exec ${[nodeOf(root), ...flags].join(' ')} ${root}${program} "$@"
`;
