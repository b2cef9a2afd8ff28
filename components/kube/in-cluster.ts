import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EdgeproofError } from '../../core/errors.ts';

/** What every Pod with a ServiceAccount has (Kubernetes: "Accessing the API from a Pod"). */
const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** How to reach the API server. Files are read at each use: the kubelet renews the token about every hour. */
export interface KubeAccess {
  readonly host: string;
  readonly port: number;
  /** A bearer token: of a ServiceAccount. */
  token?(): string;
  /** Certificate and key, PEM: of a node. */
  clientCertificate?(): { readonly cert: string; readonly key: string };
  ca(): string;
}

export interface TokenAccess extends KubeAccess {
  token(): string;
}

/** @throws EdgeproofError `NOT_IN_CLUSTER` outside a Pod */
export function inClusterAccess(env: NodeJS.ProcessEnv = process.env, folder = accountFolder): TokenAccess {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = Number(env['KUBERNETES_SERVICE_PORT']);
  if (!host || !Number.isInteger(port) || port === 0) {
    throw new EdgeproofError('NOT_IN_CLUSTER', 'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT name no API server', { next: 'run this in a Pod with a ServiceAccount' });
  }
  return {
    host,
    port,
    token: () => readFileSync(join(folder, 'token'), 'utf8').trim(),
    ca: () => readFileSync(join(folder, 'ca.crt'), 'utf8'),
  };
}
