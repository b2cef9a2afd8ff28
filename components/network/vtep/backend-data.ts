/** The annotations of a Node in which flannel tells of its VTEP (pkg/subnet/kube/annotations.go, with the default prefix). */
export const backendDataKey = 'flannel.alpha.coreos.com/backend-data';
export const backendTypeKey = 'flannel.alpha.coreos.com/backend-type';

/**
 * What flannel writes there, to the letter. flannel reads it back by cutting it at `:"` (GetStoredMacAddresses in pkg/subnet/kube/kube.go):
 * the same JSON with a space, or with its members in another order, is as none to it, and it makes a MAC up.
 */
export const backendData = (vni: number, mac: string): string => `{"VNI":${vni},"VtepMAC":"${mac}"}`;

/** The MAC that peers have read in it, in lower case; undefined when they could read none. */
export function macIn(text: string | undefined): string | undefined {
  try {
    const { VtepMAC: mac } = JSON.parse(text ?? '') as { VtepMAC?: unknown };
    return typeof mac === 'string' && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac) ? mac.toLowerCase() : undefined;
  } catch {
    return undefined;
  }
}
