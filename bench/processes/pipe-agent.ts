import { readFileSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { tlsPolicy } from '../../components/tunnel/common/tls.ts';
import { announce } from './announce.ts';

// node pipe-agent.ts FOLDER ORIGIN-PORT
const [folder = '', originPort = ''] = process.argv.slice(2);
const read = (name: string): Buffer => readFileSync(`${folder}/${name}`);
const server = createServer({ ...tlsPolicy, cert: read('edge0.crt'), key: read('edge0.key'), ca: read('ca.crt'), requestCert: true, rejectUnauthorized: true, allowHalfOpen: true }, (socket) => {
  socket.setNoDelay(true);
  const origin = connect({ host: '127.0.0.1', port: Number(originPort), allowHalfOpen: true, noDelay: true });
  socket.pipe(origin).pipe(socket);
  for (const [one, other] of [[socket, origin], [origin, socket]] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
});
server.listen(0, '127.0.0.1', () => announce({ port: (server.address() as AddressInfo).port }));
