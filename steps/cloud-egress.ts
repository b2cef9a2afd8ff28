import { After, Given, Then } from '@cucumber/cucumber';
import { servingCertificate } from '../harness/cluster/serving-certificate.ts';
import type { KubeObject } from '../harness/kube/objects.ts';
import { webhookHost, webhookManifests, webhookMark } from '../harness/workloads/webhook.ts';
import { through } from './support/tunnel.ts';
import type { EdgeWorld } from './support/world.ts';

const setUpSeconds = 60;

Given('a webhook that marks ConfigMaps, served in the cloud', async function (this: EdgeWorld) {
  const { kube, namespace, signal } = this;
  const { server, configuration } = webhookManifests(namespace, await servingCertificate([webhookHost(namespace)]));
  await kube.applyAll(server, { signal });
  await through(this, { what: 'the webhook Ready', code: 'WORKLOAD_NOT_RUNNING', args: ['rollout', 'status', 'deployment/webhook', '--namespace', namespace, `--timeout=${setUpSeconds}s`], seconds: setUpSeconds });
  await kube.apply(configuration, { signal });
});

// It is no part of the namespace, which the clean-up removes.
After({ tags: '@tunnel-cloud-egress' }, async function (this: EdgeWorld) {
  if (this.opened) await this.kube.delete('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', `webhook-${this.namespace}`);
});

Then('a new ConfigMap is marked by the webhook within {int} s', async function (this: EdgeWorld, seconds: number) {
  let number = 0;
  await this.within({ what: 'a ConfigMap marked by the webhook', seconds, code: 'WEBHOOK_UNREACHABLE' }, async (signal) => {
    const metadata = { name: `marked-${number++}`, namespace: this.namespace, labels: { 'edgeproof.dev/for': 'webhook' } };
    try {
      const made = await this.kube.apply<KubeObject & { metadata: { annotations?: Record<string, string> } }>({ apiVersion: 'v1', kind: 'ConfigMap', metadata }, { signal });
      return made.metadata.annotations?.[webhookMark.key] === webhookMark.value ? { done: true } : { missing: 'it was made without a mark: the API server does not know the webhook yet' };
    } catch (error) {
      // That it cannot be reached is what is promised against.
      return { missing: (error as Error).message };
    }
  });
});

Then('the metrics API answers within {int} s', async function (this: EdgeWorld, seconds: number) {
  await this.within({ what: 'the metrics API', seconds, code: 'AGGREGATED_API_UNREACHABLE', everyMs: 1000 }, async (signal) => {
    try {
      const { items } = (await this.kube.request('GET', '/apis/metrics.k8s.io/v1beta1/nodes', { signal, timeoutMs: 5000 })) as { items: { metadata: { name: string } }[] };
      const { name } = this.roles.cloudNode;
      return items.some((item) => item.metadata.name === name) ? { done: true } : { missing: `it has no figures of ${name}` };
    } catch (error) {
      return { missing: (error as Error).message };
    }
  });
});
