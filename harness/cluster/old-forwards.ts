import { z } from 'zod';
import type { Docker } from '../docker/docker.ts';
import { vtepDevice } from './flannel.ts';

const timeoutMs = 10_000;
const forwardsSchema = z.array(z.object({ mac: z.string(), dst: z.string().optional() }));

/** A node as others are to send frames to it. */
export interface Peer {
  readonly address: string;
  /** Of its VTEP, in lower case. */
  readonly mac: string;
}

/**
 * Has a node forget where it sent frames for MACs that its peers have no more: flannel writes the new forward beside the old one, and leaves that for ever.
 * A node without the device has none, nor has one that is down: they are gone with its kernel's device.
 */
export async function forgetOldForwards({ docker, signal }: { readonly docker: Docker; readonly signal: AbortSignal }, node: string, peers: readonly Peer[]): Promise<void> {
  const { code, stdout } = await docker.exec(node, ['bridge', '-j', 'fdb', 'show', 'dev', vtepDevice], { accept: 'any', timeoutMs, signal });
  if (code !== 0) return;
  const old = forwardsSchema.parse(JSON.parse(stdout)).filter(({ mac, dst }) => peers.some((peer) => peer.address === dst && peer.mac !== mac.toLowerCase()));
  // Whoever keeps the node in order may have been faster.
  for (const { mac, dst } of old) await docker.exec(node, ['bridge', 'fdb', 'del', mac, 'dev', vtepDevice, 'dst', dst!, 'self'], { accept: 'any', timeoutMs, signal });
}
