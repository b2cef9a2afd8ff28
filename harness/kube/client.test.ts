import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { servingCertificate } from '../cluster/serving-certificate.ts';
import { KubeClient } from './client.ts';

// Node gives the body of a DELETE no length of its own. The API server then took it for the start of another request: it
// never saw the options, and answered the next request on that connection with a bare 400.
test('the options of a DELETE arrive, and the next request on its connection is answered', async (t) => {
  const { certificate, privateKey, authority } = await servingCertificate(['localhost']);
  const seen: string[] = [];
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    void text(request).then((body) => {
      seen.push(`${request.method} ${request.url} ${body}`);
      response.end(request.url === '/api/v1' ? '{"resources":[{"name":"pods","kind":"Pod","namespaced":true}]}' : '{"items":[]}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'edgeproof-client-'));
  t.after(async () => {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  });
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, JSON.stringify({
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: `https://localhost:${(server.address() as AddressInfo).port}`, 'certificate-authority-data': Buffer.from(authority).toString('base64') } }],
    users: [{ name: 'u', user: {} }],
  }));
  using kube = await KubeClient.fromKubeconfig(kubeconfig);
  await kube.delete('v1', 'Pod', 'one', { namespace: 'ns', graceSeconds: 0 });
  assert.deepEqual(await kube.list('v1', 'Pod', { namespace: 'ns' }), []);
  assert.deepEqual(seen, [
    'GET /api/v1 ',
    'DELETE /api/v1/namespaces/ns/pods/one {"propagationPolicy":"Background","gracePeriodSeconds":0}',
    'GET /api/v1/namespaces/ns/pods ',
  ]);
});
