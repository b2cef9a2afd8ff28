import { UsageError } from '../core/errors.ts';
import { choices, suggest } from '../core/suggest.ts';
import { listClusters } from '../harness/cluster/store.ts';

/**
 * The cluster that is meant: the named one, or the only one.
 *
 * @throws UsageError when there is no such cluster, or none at all, or several and no name
 */
export async function chooseCluster(name: string | undefined): Promise<string> {
  const names = await listClusters();
  const [only] = names;
  if (only === undefined) throw new UsageError(name === undefined ? 'there is no cluster' : `there is no cluster "${name}", nor any other`, { next: 'boot one: edgeproof up' });
  if (name === undefined) {
    if (names.length > 1) throw new UsageError(`there are ${names.length} clusters`, { next: `name one: ${choices(names)}` });
    return only;
  }
  if (names.includes(name)) return name;
  const meant = suggest(name, names);
  throw new UsageError(`there is no cluster "${name}"${meant === undefined ? '' : `; did you mean ${meant}?`}`, { next: `name one of those that exist: ${choices(names)}` });
}
