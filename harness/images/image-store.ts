import type { Docker } from '../docker/docker.ts';

/** Whether the engine has an image under this name. */
export async function hasImage(docker: Docker, image: string): Promise<boolean> {
  return (await docker.run(['image', 'inspect', '--format', '{{.Id}}', image], { accept: 'any' })).code === 0;
}

export interface StoredImage {
  readonly name: string;
  readonly bytes: number;
  readonly created: string;
}

/** All images that edgeproof built or tagged on this engine. */
export async function storedImages(docker: Docker): Promise<StoredImage[]> {
  const { stdout } = await docker.run(['image', 'ls', '--quiet', '--no-trunc', '--filter', 'reference=edgeproof/*']);
  const ids = [...new Set(stdout.split('\n').filter((id) => id !== ''))];
  if (ids.length === 0) return [];
  const facts = JSON.parse((await docker.run(['image', 'inspect', ...ids])).stdout) as { RepoTags: string[]; Size: number; Created: string }[];
  return facts
    .flatMap((image) => image.RepoTags.map((name) => ({ name, bytes: image.Size, created: image.Created })))
    .sort((a, b) => a.name.localeCompare(b.name));
}
