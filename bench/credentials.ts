import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, type KeyPair } from '../core/pki.ts';
import { serverName } from '../components/tunnel/common/tls.ts';

export const clientName = 'bench';

/** Paths of the PEM files that all contenders share: `NAME.crt` and `NAME.key` below `folder`. */
export interface BenchCredentials {
  readonly folder: string;
  crt(name: string): string;
  key(name: string): string;
}

export const agentNode = (number: number): string => `edge${number}`;

/** What the kubelet of the HTTP benchmark is called: in the tunnels, and (0.0.0.0 is the loopback too, on Linux) where a name cannot be resolved. */
export const kubeletNames = { node: agentNode(0), any: '0.0.0.0' } as const;

/** Two authorities, one for servers and clients of the CONNECT port, one for nodes, as in a cluster. ECDSA P-256 throughout. */
export async function makeCredentials(folder: string, agents: number): Promise<BenchCredentials> {
  const crt = (name: string): string => join(folder, `${name}.crt`);
  const key = (name: string): string => join(folder, `${name}.key`);
  const write = async (name: string, pair: KeyPair): Promise<void> => {
    await writeFile(crt(name), pair.certPem, { mode: 0o600 });
    await writeFile(key(name), pair.keyPem, { mode: 0o600 });
  };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [ca, nodes] = await Promise.all([createAuthority({ commonName: 'bench-ca' }), createAuthority({ commonName: 'bench-nodes' })]);
  await write('ca', ca);
  await write('nodes', nodes);
  await write('server', await ca.issue({ commonName: serverName, dnsNames: [serverName, 'localhost'], ipAddresses: ['127.0.0.1'], server: true, client: true }));
  await write('client', await ca.issue({ commonName: clientName, client: true }));
  await write('kubelet', await nodes.issue({ commonName: 'kubelet', dnsNames: [kubeletNames.node, 'localhost'], ipAddresses: ['127.0.0.1', kubeletNames.any], server: true }));
  for (let number = 0; number < agents; number++) {
    await write(agentNode(number), await nodes.issue({ commonName: `system:node:${agentNode(number)}`, organizations: ['system:nodes'], dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'], client: true, server: true }));
  }
  return { folder, crt, key };
}
