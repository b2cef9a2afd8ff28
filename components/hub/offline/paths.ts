/** Where the API has what a node says of itself. */
export const nodesPath = '/api/v1/nodes';
export const nodePath = (name: string): string => `${nodesPath}/${name}`;
export const leasePath = (name: string): string => `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`;
