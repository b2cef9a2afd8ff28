import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import { createServer } from './node-http.ts';

export interface HealthOptions {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  /** Why this process cannot do its work, or undefined. */
  readonly notReady: () => string | undefined;
  /** How long the port may be somebody else's. Milliseconds. Default: 0. */
  readonly takenForMs?: number;
  /** Told once, when it is. */
  readonly taken?: () => void;
}

/** How often a port that is taken is asked for. Milliseconds. */
const askAgainMs = 250;

/**
 * `/healthz`: the event loop turns. `/readyz`: 200 when it can do its work, else 503 with what is missing. `/metrics`: Prometheus.
 *
 * @throws the system's error for a port that cannot be had
 */
export async function startHealth(options: HealthOptions): Promise<Server> {
  const server = createServer({ connectionsCheckingInterval: 1000 }, (request, response) => {
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
  // Whoever connects and says nothing must not keep the kubelet's probes out for long.
  server.headersTimeout = 2000;
  server.requestTimeout = 4000;
  server.keepAliveTimeout = 2000;
  server.maxConnections = 1024;
  await listen(server, options);
  return server;
}

async function listen(server: Server, { port, host, takenForMs = 0, taken }: HealthOptions): Promise<void> {
  const deadline = performance.now() + takenForMs;
  for (let first = true; ; first = false) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject).listen(port, host || undefined, resolve);
    try {
      return await promise;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || performance.now() >= deadline) throw error;
      if (first) taken?.();
      await sleep(askAgainMs);
    } finally {
      server.off('error', reject).off('listening', resolve);
    }
  }
}
