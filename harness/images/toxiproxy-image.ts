import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { exec } from '../../core/exec.ts';
import type { Progress } from '../../core/progress.ts';
import type { Docker } from '../docker/docker.ts';
import { hasImage } from './image-store.ts';
import { workFolder } from './work-folder.ts';

export const toxiproxyImage = (programs: string): string => `edgeproof/toxiproxy:${basename(programs)}`;

/** An image with Toxiproxy's server alone, as upstream's: its API on port 8474 of every address. @returns its name */
export async function buildToxiproxyImage(docker: Docker, programs: string, progress: Progress, signal?: AbortSignal): Promise<string> {
  const image = toxiproxyImage(programs);
  if (await hasImage(docker, image)) return image;
  await progress.step('Toxiproxy image', async () => {
    await using work = await workFolder('toxiproxy');
    const root = join(work.path, 'root');
    await mkdir(root);
    await copyFile(join(programs, 'toxiproxy-server'), join(root, 'toxiproxy'));
    const archive = join(work.path, 'root.tar');
    await exec(['tar', '--create', '--owner=0', '--group=0', '--file', archive, '--directory', root, '.']);
    await docker.run(['import', '--change', 'ENTRYPOINT ["/toxiproxy"]', '--change', 'CMD ["-host=0.0.0.0"]', archive, image], { ...(signal && { signal }) });
  });
  return image;
}
