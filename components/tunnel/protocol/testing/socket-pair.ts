import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { connect as tlsConnect, createServer as createTlsServer, type ConnectionOptions } from 'node:tls';
import { certificates } from './certificates.ts';

/**
 * Both ends of a loopback connection. `far` is half-closed properly; `near`, the server's and what a splice is given, is
 * as Node makes it: it would end by itself.
 */
export interface SocketPair extends AsyncDisposable {
  readonly near: Socket;
  readonly far: Socket;
}

export async function socketPair(kind: 'tcp' | 'tls'): Promise<SocketPair> {
  const { ca, server, client } = await certificates();
  const listener = kind === 'tcp' ? createServer() : createTlsServer({ ca, cert: server.certPem, key: server.keyPem, requestCert: true });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const { port } = listener.address() as AddressInfo;
  const accepted = once(listener, kind === 'tcp' ? 'connection' : 'secureConnection');
  const far =
    kind === 'tcp'
      ? connect({ host: '127.0.0.1', port, allowHalfOpen: true })
      : // `allowHalfOpen` is a TLS socket's too (tls.connect passes its options on).
        tlsConnect({ host: '127.0.0.1', port, servername: 'tunnel.test', ca, cert: client.certPem, key: client.keyPem, allowHalfOpen: true } as ConnectionOptions);
  const [[near]] = (await Promise.all([accepted, once(far, kind === 'tcp' ? 'connect' : 'secureConnect')])) as [[Socket], unknown];
  return {
    near,
    far,
    async [Symbol.asyncDispose]() {
      near.destroy();
      far.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
