import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, type KeyPair } from '../../core/pki.ts';
import type { Generation } from '../../harness/implementation.ts';
import { agentsService, clients, connectAddress, namespace, peersService, serverName } from './names.ts';

/** Names of key pairs, as files `NAME.crt` and `NAME.key`. */
type PairName = 'ca' | 'server' | 'apiserver' | 'metrics-server' | 'agents-ca' | 'agents' | 'new-agents-ca' | 'new-agents';

const folderOf = (folder: string): string => join(folder, 'pki');

/** The authority that agents trust, and what servers show them: those made at first, and those that take their place in a rotation. */
export const agentsPairs = { old: { ca: 'agents-ca', server: 'agents' }, new: { ca: 'new-agents-ca', server: 'new-agents' } } as const satisfies Record<Generation, Record<'ca' | 'server', PairName>>;

/** Makes the tunnel's own authorities and what they sign. The keys stay on this host, in files that only their owner reads. */
export async function makeCertificates(folder: string, serviceSubnet: string): Promise<void> {
  const authority = await createAuthority({ commonName: 'edge-tunnel-ca', days: 3650 });
  const services = [serverName, agentsService, peersService].map((name) => `${name}.${namespace}.svc`);
  await mkdir(folderOf(folder), { mode: 0o700 });
  await makeAgentsPairs(folder, 'old');
  const made: Partial<Record<PairName, KeyPair>> = {
    ca: authority,
    // Both ends of TLS: servers dial each other.
    server: await authority.issue({ commonName: serverName, dnsNames: [serverName, ...services], ipAddresses: [connectAddress(serviceSubnet)], server: true, client: true }),
    apiserver: await authority.issue({ commonName: clients.apiserver, client: true }),
    'metrics-server': await authority.issue({ commonName: clients.metricsServer, client: true }),
  };
  await write(folder, made);
}

/** An authority that agents trust, and a certificate of a server by it. */
export async function makeAgentsPairs(folder: string, generation: Generation): Promise<void> {
  const authority = await createAuthority({ commonName: 'edge-tunnel-agents-ca', days: 3650 });
  const { ca, server } = agentsPairs[generation];
  await write(folder, { [ca]: authority, [server]: await authority.issue({ commonName: serverName, dnsNames: [serverName, `${agentsService}.${namespace}.svc`], server: true }) });
}

async function write(folder: string, made: Partial<Record<PairName, KeyPair>>): Promise<void> {
  for (const [name, { certPem, keyPem }] of Object.entries(made)) {
    await writeFile(join(folderOf(folder), `${name}.crt`), certPem, { mode: 0o600 });
    await writeFile(join(folderOf(folder), `${name}.key`), keyPem, { mode: 0o600 });
  }
}

export async function readPair(folder: string, name: PairName): Promise<KeyPair> {
  const read = async (suffix: string): Promise<string> => await readFile(join(folderOf(folder), `${name}.${suffix}`), 'utf8');
  return { certPem: await read('crt'), keyPem: await read('key') };
}
