import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, type KeyPair } from '../../core/pki.ts';
import { agentsService, clients, connectAddress, namespace, peersService, serverName } from './names.ts';

/** Names of key pairs, as files `NAME.crt` and `NAME.key`. */
const pairs = ['ca', 'server', 'apiserver', 'metrics-server'] as const;
type PairName = (typeof pairs)[number];

const folderOf = (folder: string): string => join(folder, 'pki');

/** Makes the tunnel's own authority and what it signs. The keys stay on this host, in files that only their owner reads. */
export async function makeCertificates(folder: string, serviceSubnet: string): Promise<void> {
  const authority = await createAuthority({ commonName: 'edge-tunnel-ca', days: 3650 });
  const services = [serverName, agentsService, peersService].map((name) => `${name}.${namespace}.svc`);
  const made: Record<PairName, KeyPair> = {
    ca: authority,
    // Both ends of TLS: servers dial each other.
    server: await authority.issue({ commonName: serverName, dnsNames: [serverName, ...services], ipAddresses: [connectAddress(serviceSubnet)], server: true, client: true }),
    apiserver: await authority.issue({ commonName: clients.apiserver, client: true }),
    'metrics-server': await authority.issue({ commonName: clients.metricsServer, client: true }),
  };
  await mkdir(folderOf(folder), { mode: 0o700 });
  for (const name of pairs) {
    await writeFile(join(folderOf(folder), `${name}.crt`), made[name].certPem, { mode: 0o600 });
    await writeFile(join(folderOf(folder), `${name}.key`), made[name].keyPem, { mode: 0o600 });
  }
}

export async function readPair(folder: string, name: PairName): Promise<KeyPair> {
  const read = async (suffix: string): Promise<string> => await readFile(join(folderOf(folder), `${name}.${suffix}`), 'utf8');
  return { certPem: await read('crt'), keyPem: await read('key') };
}
