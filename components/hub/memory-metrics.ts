import { Gauge, type Registry } from 'prom-client';
import type { CacheStore } from './cache/index.ts';
import type { Memory } from './memory.ts';

/** What the hub tells Prometheus of what it remembers. */
export class MemoryMetrics {
  constructor(registry: Registry, store: CacheStore, memory: Memory) {
    const gauge = (name: string, help: string, value: () => number): void => {
      new Gauge({ name, help, registers: [registry], collect() { this.set(value()); } });
    };
    gauge('edge_hub_cache_bytes', 'What is cached, as it is on disk.', () => store.summary().bytes);
    gauge('edge_hub_cache_collections', 'Whole lists that are cached.', () => store.summary().collections.length);
    gauge('edge_hub_cache_objects', 'Objects of them, and those that were asked for one by one.', () => store.summary().collections.reduce((sum, { objects }) => sum + objects, store.summary().objects.length));
    gauge('edge_hub_events_waiting', 'Events that the cloud has not heard of.', () => store.events.size);
    gauge('edge_hub_open_watches', 'Watches that are kept open until the link is back.', () => memory.openWatches.size);
  }
}
