import { Counter, Gauge, type Registry } from 'prom-client';

/** What a correction was of: the device that was made, its MAC, the Node's annotation, an entry for a peer that was missing, or one too much. */
export type Correction = 'device' | 'mac' | 'annotation' | 'neighbour' | 'forward';

export interface VtepView {
  /** 1, 0, or NaN when it is not known. */
  readonly deviceRight: number;
  readonly annotationRight: number;
  readonly unresolved: number;
  readonly collisions: number;
}

/** What the keeper tells Prometheus. */
export class VtepMetrics {
  readonly corrections: Counter<'of'>;
  readonly failures: Counter<string>;

  constructor(registry: Registry, view: () => VtepView) {
    const registers = [registry];
    this.corrections = new Counter({ name: 'edge_network_vtep_corrections_total', help: 'What was set right: the device, its MAC, the annotation of the Node, entries for peers that were missing (neighbour) or too much (forward).', labelNames: ['of'], registers });
    this.failures = new Counter({ name: 'edge_network_vtep_failures_total', help: 'Looks that ended in an error; the next follows.', registers });
    const gauge = (name: string, help: string, key: keyof VtepView): void => void new Gauge({ name, help, registers, collect() { this.set(view()[key]); } });
    gauge('edge_network_vtep_mac_right', '1: the device has the MAC that goes with the name of the node. 0: another. NaN: there is no device.', 'deviceRight');
    gauge('edge_network_vtep_annotation_right', '1: the annotation of the Node says so too. NaN: nothing was heard of it.', 'annotationRight');
    gauge('edge_network_vtep_unresolved_peers', 'Routes to nodes whose MAC is not known: their Pods are not reached.', 'unresolved');
    gauge('edge_network_vtep_collisions', 'Other nodes that have the same MAC: one of the two must be renamed.', 'collisions');
  }
}
