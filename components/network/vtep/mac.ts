import { createHash } from 'node:crypto';

/**
 * The MAC that a node's VTEP has for as long as the node has its name: a pure function of it, so that nothing has to be kept to find it
 * again. 46 bits of SHA-256, as a locally administered address (IEEE 802: bit 1 of the first octet) of one station (bit 0 is clear).
 *
 * Two of n nodes have the same one with a probability of about n²/2^47: one in 140 million for 1,000 nodes.
 */
export function macOfNode(nodeName: string): string {
  const octets = createHash('sha256').update(`edgeproof.dev/vtep-mac\0${nodeName}`).digest().subarray(0, 6);
  octets[0] = (octets[0]! & 0xfc) | 0x02;
  return [...octets].map((octet) => octet.toString(16).padStart(2, '0')).join(':');
}
