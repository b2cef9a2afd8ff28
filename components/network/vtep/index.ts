export { deviceName, startVtepKeeper, type VtepKeeper, type VtepKeeperOptions } from './keeper.ts';
export { macOfNode } from './mac.ts';
export { NodeNetwork } from './network.ts';
export { NodeApi, type NodeApiOptions } from './node-api.ts';
export { defaultTimings, type VtepTimings } from './timings.ts';
