import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What a failed scenario left on a cluster that is kept for a look. */
const leftSchema = z.object({ promise: z.string(), namespace: z.string(), faults: z.array(z.string()) });
export type Left = z.infer<typeof leftSchema>;

/** In a run's folder, one for each such scenario. */
export const leftFile = (promise: string): string => `left-${promise}.json`;

/** All of a run. @throws a system error; ZodError for a file that somebody has changed */
export async function readLeft(runDir: string): Promise<Left[]> {
  const names = (await readdir(runDir)).filter((name) => /^left-.*\.json$/.test(name)).sort();
  return await Promise.all(names.map(async (name) => leftSchema.parse(JSON.parse(await readFile(join(runDir, name), 'utf8')))));
}

/** How somebody gets in, in lines for a terminal. */
export function howToEnter(cluster: string, kubeconfig: string, left: readonly Left[]): string[] {
  const namespace = left[0]?.namespace;
  return [
    ...left.map(({ promise, namespace: own, faults }) => `Left as ${promise} failed: namespace ${own}${faults.length === 0 ? '' : `, open faults ${faults.join(', ')}`}`),
    `Kept: cluster ${cluster}. Look around:`,
    `  export KUBECONFIG=${kubeconfig}${namespace === undefined ? '' : `; kubectl get pods --namespace ${namespace} -o wide`}`,
    `  edgeproof status ${cluster}; edgeproof shell NODE --name ${cluster}; edgeproof logs WHAT --name ${cluster}`,
    ...(left.some(({ faults }) => faults.length > 0) ? [`Heal it: edgeproof fault heal --name ${cluster}`] : []),
    `Remove it: edgeproof down ${cluster}`,
  ];
}
