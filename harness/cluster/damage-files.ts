import { CannotTellError } from '../../core/errors.ts';
import type { Docker } from '../docker/docker.ts';

const timeoutMs = 10_000;

/** Half of a file, and then what never was in it: what a power cut may leave of one that was just being written, or a worn flash. */
const damage = 'test -f "$1" || exit 3; truncate --size=$(( $(stat --format=%s "$1") / 2 )) "$1" && head --bytes=64 /dev/urandom >> "$1"';

/**
 * Damages files on a node; those that are not there are passed over.
 *
 * @returns those that were damaged
 * @throws CannotTellError `NO_STATE_FILE` when files are named, and none of them is there; ExecError
 */
export async function damageFiles(docker: Docker, node: string, paths: readonly string[], signal?: AbortSignal): Promise<string[]> {
  const damaged: string[] = [];
  for (const path of paths) {
    const { code } = await docker.exec(node, ['sh', '-c', damage, 'edgeproof', path], { accept: [0, 3], timeoutMs, ...(signal && { signal }) });
    if (code === 0) damaged.push(path);
  }
  if (paths.length > 0 && damaged.length === 0) throw new CannotTellError('NO_STATE_FILE', `${node} has none of the files that it is said to keep its identity in: ${paths.join(', ')}`, { next: 'name those that it has in the manifest of the implementation: identity.stateFiles' });
  return damaged;
}
