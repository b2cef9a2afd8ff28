/**
 * What is at `edge-ipam` in the folder of CNI plugins, and what starts the resident: a script, as Node and its libraries may be of another system than the node's own. The
 * program itself must see the node's files, so it is not run in the root folder of its image, but from it: by its own loader, with its own libraries.
 *
 * @param root where the image's files are on the node: `usr/local/bin/node`, its libraries, the program
 * @param program of the bundled plugin, seen from there: `/app/edge-ipam.mjs`
 * @param flags of Node
 */
export const launcher = (root: string, program: string, flags: readonly string[] = []): string => `#!/bin/sh
for loader in ${root}/lib*/ld-linux-*.so.*; do :; done
exec "$loader" --library-path "$(printf '%s:' ${root}/lib/*-linux-gnu ${root}/usr/lib/*-linux-gnu)" ${[`${root}/usr/local/bin/node`, ...flags, `${root}${program}`].join(' ')} "$@"
`;
