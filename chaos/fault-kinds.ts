/** What can be done to the world, by name: for help and files too, which need nothing of how it is done. */
export const faultKinds = ['wan-down', 'wan-blackhole', 'wan-reset', 'wan-rebind', 'lb-stop', 'lb-delete', 'node-restart', 'power-cut', 'node-delete', 'cert-short', 'cert-other', 'kubelet-restart', 'flannel-restart', 'vtep-mac', 'vtep-annotation', 'unit-kill', 'container-kill', 'sandbox-kill'] as const;
export type FaultKind = (typeof faultKinds)[number];
