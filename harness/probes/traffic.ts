import type { Docker } from '../docker/docker.ts';
import { echoContainer, type EchoAnswer } from '../workloads/echo.ts';
import { podsOn } from './pods-on-node.ts';

/** Where a request starts: a Pod by its UID, on the node that runs it. */
export interface Source {
  readonly node: string;
  readonly uid: string;
}

/** An answer by an echo application, or a sentence on why there was none. */
export type Reply = { readonly answer: EchoAnswer } | { readonly failure: string };

const wgetTimeoutSeconds = 2;

/**
 * `GET` of a URL from inside a Pod's container, by crictl on its node: works while the cloud is gone.
 *
 * @param url may hold a name, which the Pod's own DNS settings resolve.
 * @throws ExecError when the node does not answer.
 */
export async function fetchFrom(docker: Docker, source: Source, url: string, signal?: AbortSignal): Promise<Reply> {
  const pod = (await podsOn(docker, source.node, signal)).find(({ uid }) => uid === source.uid);
  const container = pod?.containers.find(({ name, running }) => name === echoContainer && running);
  if (container === undefined) return { failure: `its container does not run on ${source.node}` };
  return await fetchFromContainer(docker, source.node, container.id, url, signal);
}

/** Like `fetchFrom`, for a container whose id is known. */
export async function fetchFromContainer(docker: Docker, node: string, containerId: string, url: string, signal?: AbortSignal): Promise<Reply> {
  const wget = ['wget', '-q', '-O', '-', '-T', String(wgetTimeoutSeconds), url];
  const { code, stdout, stderr } = await docker.exec(node, ['crictl', 'exec', '-s', containerId, ...wget], { accept: 'any', timeoutMs: 15_000, ...(signal && { signal }) });
  if (code !== 0) return { failure: lastLine(stderr) || lastLine(stdout) || `wget: exit ${code}` };
  try {
    return { answer: JSON.parse(stdout) as EchoAnswer };
  } catch {
    return { failure: `something else answered: ${stdout.slice(0, 80)}` };
  }
}

function lastLine(text: string): string {
  const lines = text.trim().split('\n').filter((line) => line.includes('wget') || line.includes('container'));
  return (lines.at(-1) ?? text.trim().split('\n').at(-1) ?? '').slice(0, 200);
}
