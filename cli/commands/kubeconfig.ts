import { readFile } from 'node:fs/promises';
import { CannotTellError } from '../../core/errors.ts';
import { printJson } from '../io.ts';
import type { Register } from '../program.ts';

export const kubeconfig: Register = (program, io, run) => {
  program
    .command('kubeconfig')
    .description("where a cluster's kubeconfig is")
    .argument('[name]', 'name of the cluster; may be left out when there is only one')
    .option('--content', 'what is in it, instead of its path: it lets whoever has it do everything on the cluster')
    .option('--json', 'as JSON on stdout')
    .addHelpText('after', '\nExamples:\n  edgeproof kubeconfig dev --content > ~/dev.kubeconfig\n  export KUBECONFIG=$(edgeproof kubeconfig)')
    .action(run(async (name: string | undefined, { content = false, json = false }: { content?: boolean; json?: boolean }) => {
      const [{ chooseCluster }, { loadCluster }] = await Promise.all([import('../clusters.ts'), import('../../harness/cluster/store.ts')]);
      const { name: cluster, kubeconfig: path } = await loadCluster(await chooseCluster(name));
      const text = content ? await readFile(path, 'utf8').catch((cause: unknown) => {
        throw new CannotTellError('NO_KUBECONFIG', `the kubeconfig of cluster ${cluster} cannot be read`, { cause, next: `boot the cluster anew: edgeproof down ${cluster}, then edgeproof up` });
      }) : undefined;
      if (json) return printJson(io, { cluster, path, ...(text !== undefined && { content: text }) });
      io.stdout.write(text ?? `${path}\n`);
    }));
};
