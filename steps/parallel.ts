import { setParallelCanAssign } from '@cucumber/cucumber';
import { sitesOf } from '../harness/cluster/state.ts';
import { loadCluster } from '../harness/cluster/store.ts';
import { isControl, mayStartBeside, wantedBy } from './support/ground.ts';

const cluster = process.env['EDGEPROOF_CLUSTER'];
// Cucumber asks at once and waits for no answer. In a dry run there is no cluster, and nothing that could be in the way.
const sites = cluster === undefined ? [] : sitesOf(await loadCluster(cluster));

setParallelCanAssign((pickle, running) => {
  const [wanted, ...others] = [pickle, ...running].map(({ tags }) => wantedBy(tags.map(({ name }) => name), isControl()));
  return mayStartBeside(wanted!, others, sites);
});
