import { Counter, Gauge, type Registry } from 'prom-client';
import { networksIn } from './networks.ts';

/** What the resident tells Prometheus of addresses. */
export class IpamMetrics {
  readonly freed: Counter<'network'>;
  readonly rounds: Counter<'outcome'>;
  readonly connected: Gauge;
  readonly calls: Counter<'outcome'>;

  constructor(registry: Registry, dataDir: string) {
    const registers = [registry];
    this.freed = new Counter({ name: 'edge_ipam_freed_total', help: 'Reservations that ended because their Pod was gone.', labelNames: ['network'], registers });
    this.rounds = new Counter({ name: 'edge_ipam_rounds_total', help: 'Looks for reservations whose Pod is gone: asked (there were some that could be), idle (there were none), failed.', labelNames: ['outcome'], registers });
    this.calls = new Counter({ name: 'edge_ipam_calls_total', help: 'Calls of the plugin that were answered here, by outcome: ok, error.', labelNames: ['outcome'], registers });
    this.connected = new Gauge({ name: 'edge_ipam_api_connected', help: '1: the API server itself gave the last answer. 0: the hub did, from what it remembers, or nobody.', registers });
    new Gauge({
      name: 'edge_ipam_reservations',
      help: 'Addresses, by whether a sandbox holds them (held) or they wait for their Pod (kept).',
      labelNames: ['network', 'state'],
      registers,
      collect() {
        this.reset();
        for (const network of networksIn(dataDir)) {
          const state = network.peek();
          for (const one of state?.reservations ?? []) this.inc({ network: network.name, state: one.sandboxes.length > 0 ? 'held' : 'kept' }, one.addresses.length);
        }
      },
    });
    new Gauge({
      name: 'edge_ipam_set_aside_files',
      help: 'Files of the state that were damaged, and are kept.',
      labelNames: ['network'],
      registers,
      collect() {
        for (const network of networksIn(dataDir)) this.set({ network: network.name }, network.setAside);
      },
    });
  }
}
