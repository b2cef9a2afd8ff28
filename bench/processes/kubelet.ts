import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tlsPolicy } from '../../components/tunnel/common/tls.ts';
import { announce } from './announce.ts';

// node kubelet.ts FOLDER: an HTTPS server that stands for a kubelet: every GET is answered with 4 KB of JSON, about a Pod's status.
const [folder = ''] = process.argv.slice(2);
const read = (name: string): Buffer => readFileSync(`${folder}/${name}`);
const body = JSON.stringify({ kind: 'PodList', items: [{ status: 'x'.repeat(4000) }] });
const server = createServer({ ...tlsPolicy, cert: read('kubelet.crt'), key: read('kubelet.key'), keepAliveTimeout: 60_000 }, (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
});
server.listen(0, '127.0.0.1', () => announce({ port: (server.address() as AddressInfo).port }));
