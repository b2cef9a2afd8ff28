import type { Manifest } from '../kube/objects.ts';

/** A ServiceAccount that may get, list and watch some resources of the core API in its own namespace, and nothing else. */
export function mayRead(name: string, namespace: string, resources: readonly string[]): Manifest[] {
  const metadata = { name, namespace };
  const account: Manifest = { apiVersion: 'v1', kind: 'ServiceAccount', metadata };
  if (resources.length === 0) return [account];
  const rbac = 'rbac.authorization.k8s.io/v1';
  return [
    account,
    { apiVersion: rbac, kind: 'Role', metadata, rules: [{ apiGroups: [''], resources, verbs: ['get', 'list', 'watch'] }] },
    { apiVersion: rbac, kind: 'RoleBinding', metadata, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name }, subjects: [{ kind: 'ServiceAccount', name, namespace }] },
  ];
}
