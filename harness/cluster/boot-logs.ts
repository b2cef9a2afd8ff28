import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Docker } from '../docker/docker.ts';

/** What is worth reading when a node did not come up. */
const sources: Readonly<Record<string, readonly string[]>> = {
  'kubelet.log': ['journalctl', '--no-pager', '--unit', 'kubelet', '--lines', '500'],
  'containerd.log': ['journalctl', '--no-pager', '--unit', 'containerd', '--lines', '200'],
  'containers.txt': ['crictl', 'ps', '--all'],
  'pods.log': ['find', '/var/log/pods', '-name', '*.log', '-exec', 'tail', '--verbose', '--lines=60', '{}', '+'],
};

/**
 * Writes the logs of every container on a network below a folder. A log that cannot be read is kept as the reason.
 *
 * @throws when the folder cannot be written
 */
export async function collectNodeLogs(docker: Docker, network: string, folder: string): Promise<void> {
  const containers = await docker.containers(`network=${network}`).catch(() => [] as string[]);
  await Promise.all(containers.map(async (container) => {
    const target = join(folder, container);
    await mkdir(target, { recursive: true });
    const keep = async (name: string, read: () => Promise<{ stdout: string; stderr: string }>): Promise<void> => {
      const text = await read().then(({ stdout, stderr }) => stdout + stderr, (error: unknown) => String(error));
      await writeFile(join(target, name), text);
    };
    await keep('container.log', async () => await docker.run(['logs', container], { accept: 'any' }));
    for (const [name, argv] of Object.entries(sources)) {
      await keep(name, async () => await docker.exec(container, argv, { accept: 'any', timeoutMs: 20_000 }));
    }
  }));
}
