import { createServer, type Server } from 'node:http';
import type { Registry } from 'prom-client';

export interface HealthOptions {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  /** Why this process cannot do its work, or undefined. */
  readonly notReady: () => string | undefined;
}

/** `/healthz`: the event loop turns. `/readyz`: 200 when it can do its work, else 503 with what is missing. `/metrics`: Prometheus. */
export async function startHealth(options: HealthOptions): Promise<Server> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    const send = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => void response.writeHead(status, { 'content-type': type }).end(text);
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, 'GET only\n');
    if (path === '/healthz') return send(200, 'ok\n');
    if (path === '/readyz') {
      const missing = options.notReady();
      return missing === undefined ? send(200, 'ok\n') : send(503, `${missing}\n`);
    }
    if (path !== '/metrics') return send(404, 'there are /healthz, /readyz and /metrics\n');
    options.registry.metrics().then((text) => send(200, text, options.registry.contentType), (error: unknown) => send(500, `${String(error)}\n`));
  });
  server.requestTimeout = 10_000;
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host || undefined, resolve);
  });
  return server;
}
