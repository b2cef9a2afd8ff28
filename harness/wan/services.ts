/** A service of the cloud that sites reach through their WAN. */
export interface CloudService {
  readonly name: 'apiserver' | 'tunnel';
  /** The TCP port at which edge nodes dial it, and at which the WAN's proxy listens. */
  readonly port: number;
}

/** kubeadm's default port of the API server. */
export const apiserver: CloudService = { name: 'apiserver', port: 6443 };
/** A NodePort: every cloud node answers there once an implementation's tunnel server is behind it. */
export const tunnel: CloudService = { name: 'tunnel', port: 30132 };
export const cloudServices: readonly CloudService[] = [apiserver, tunnel];

/** Toxiproxy's API, reachable from the Docker host only. */
export const toxiproxyApiPort = 8474;
