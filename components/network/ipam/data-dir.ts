/** Where the state of each network has a folder of its name. */
export const defaultDataDir = '/var/lib/edge-network/ipam';
/** In that folder: who holds it may change the state. */
export const lockName = 'lock';
