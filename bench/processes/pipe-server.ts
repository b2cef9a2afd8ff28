import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { serverName, tlsPolicy } from '../../components/tunnel/common/tls.ts';
import { announce } from './announce.ts';

// node pipe-server.ts FOLDER AGENT-PORT UNIX-PATH: a CONNECT by mTLS or over a Unix socket, then a TLS connection of its own to the agent for each. No mux.
const [folder = '', agentPort = '', unixPath = ''] = process.argv.slice(2);
const read = (name: string): Buffer => readFileSync(`${folder}/${name}`);
const own = { ...tlsPolicy, cert: read('server.crt'), key: read('server.key') };
const nodesCa = read('nodes.crt');
const server = createTlsServer({ ...own, ca: read('ca.crt'), requestCert: true, rejectUnauthorized: true });
const answer = (_request: IncomingMessage, socket: Socket, head: Buffer): void => {
  socket.allowHalfOpen = true;
  // `allowHalfOpen` is an option of every socket; Node's types leave it out here.
  const onward: TLSSocket = connect({ ...own, ca: nodesCa, host: '127.0.0.1', port: Number(agentPort), servername: 'localhost', allowHalfOpen: true } as ConnectionOptions, () => {
    onward.setNoDelay(true);
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    if (head.length > 0) onward.write(head);
    socket.pipe(onward).pipe(socket);
  });
  for (const [one, other] of [[socket, onward], [onward, socket]] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
};
createServer().on('connect', answer).listen(unixPath);
server.on('connect', answer).listen(0, '127.0.0.1', () => announce({ port: (server.address() as AddressInfo).port, serverName }));
