/**
 * What is at `edge-ipam` in the folder of CNI plugins: a script, as Node and its libraries may be of another system than the node's own. The
 * plugin itself must see the node's files, so it is not run in the root folder of its image, but from it: by its own loader, with its own libraries.
 *
 * @param root where the image's files are on the node: `usr/local/bin/node`, its libraries, the program
 * @param program of the bundled plugin, seen from there: `/app/edge-ipam.mjs`
 */
export const launcher = (root: string, program: string): string => `#!/bin/sh
# The CNI plugin of edge-network: a Pod's address is the Pod's until it is gone.
for loader in ${root}/lib*/ld-linux-*.so.*; do :; done
exec "$loader" --library-path "$(printf '%s:' ${root}/lib/*-linux-gnu ${root}/usr/lib/*-linux-gnu)" ${root}/usr/local/bin/node ${root}${program}
`;
