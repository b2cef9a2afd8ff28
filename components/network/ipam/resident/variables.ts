/** What the launcher passes on of a call's environment, each ended by a zero byte, which no variable can have; what comes after is the configuration. */
export const callVariables = ['CNI_COMMAND', 'CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_ARGS'] as const;

export const defaultSocket = '/var/lib/edge-network/ipam.sock';
