import { type Topology } from '../../topologies/schema.ts';
import { type ToxicSpec } from './toxiproxy.ts';

type WanProfile = Topology['sites'][number]['wan'];

/**
 * A link's profile as toxics, the same for both directions: `latencyMs` is one way, so a request and its answer
 * take twice as long. Toxiproxy delays data, not the TCP handshake, and counts bandwidth for each connection.
 */
export function profileToxics({ latencyMs, jitterMs, bandwidthKbps }: WanProfile): ToxicSpec[] {
  return (['upstream', 'downstream'] as const).flatMap((stream): ToxicSpec[] => [
    ...(latencyMs > 0 || jitterMs > 0 ? [{ name: `latency-${stream}`, type: 'latency' as const, stream, attributes: { latency: latencyMs, jitter: jitterMs } }] : []),
    // Toxiproxy's unit is KB/s.
    ...(bandwidthKbps === undefined ? [] : [{ name: `bandwidth-${stream}`, type: 'bandwidth' as const, stream, attributes: { rate: Math.max(1, Math.round(bandwidthKbps / 8)) } }]),
  ]);
}
