import { Gauge, Counter, Registry } from 'prom-client';
import { inClusterAccess } from '../../kube/in-cluster.ts';
import { flag, parseFlags } from '../../tunnel/common/flags.ts';
import { startHealth } from '../../tunnel/common/health.ts';
import { createLog } from '../../tunnel/common/log.ts';
import { runMain } from '../../tunnel/common/run-main.ts';
import { AutonomyController } from './autonomy-controller.ts';

const flags = {
  /** Nodes with this label keep their Pods while the cloud does not hear of them. */
  autonomousLabel: flag.label.default('edge-hub.edgeproof.dev/autonomous=true'),
  health: flag.listen('', 10_273),
  logLevel: flag.logLevel,
} as const;

await runMain('edge-autonomy-controller', async (signal) => {
  const { autonomousLabel: label, health, logLevel } = parseFlags(flags, process.argv.slice(2));
  const log = createLog('edge-autonomy-controller', logLevel);
  const registry = new Registry();
  const patched = new Counter({ name: 'edge_autonomy_pods_changed_total', help: 'Pods made to stay on their node, or given back what they were', labelNames: ['stays'], registers: [registry] });
  const failures = new Counter({ name: 'edge_autonomy_failures_total', help: 'Requests to the API server that failed and are made again', registers: [registry] });
  const controller = new AutonomyController({
    access: inClusterAccess(),
    label,
    signal,
    changed: (pod) => {
      patched.inc({ stays: String(pod.stays) });
      log.info(pod, pod.stays ? 'stays on its node whatever the cloud hears of it' : 'is evicted as usual again');
    },
    failed: (error) => {
      failures.inc();
      log.warn({ reason: error instanceof Error ? error.message : String(error) }, 'tried again');
    },
  });
  new Gauge({ name: 'edge_autonomy_ready', help: '1 when nodes and Pods were read', registers: [registry], collect() { this.set(controller.notReady === undefined ? 1 : 0); } });
  await startHealth({ ...health, registry, notReady: () => controller.notReady });
  await controller.run();
});
