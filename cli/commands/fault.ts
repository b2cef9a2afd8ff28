import type { Command } from 'commander';
import type { FaultContext, FaultRecord } from '../../chaos/fault.ts';
import type { FaultLog } from '../../chaos/fault-log.ts';
import { faultKinds, type FaultKind } from '../../chaos/fault-kinds.ts';
import { parametersOf } from '../../chaos/fault-parameters.ts';
import { UsageError } from '../../core/errors.ts';
import { suggest } from '../../core/suggest.ts';
import { printJson, type Io } from '../io.ts';
import { forceOption, nameOption } from '../options.ts';
import type { Register } from '../program.ts';
import { table } from '../../core/table.ts';

interface Flags {
  readonly name?: string;
  readonly json?: boolean;
  readonly force?: boolean;
}

export const fault: Register = (program, io, run) => {
  const group = program
    .command('fault')
    .description('break something in a running cluster, see that it is broken, heal it')
    .addHelpText('after', '\nExamples:\n  edgeproof fault inject wan-down site east\n  edgeproof fault list\n  edgeproof fault heal');
  const withFlags = (command: Command): Command =>
    command.addOption(nameOption('name of the cluster; may be left out when there is only one')).option('--json', 'as JSON on stdout');

  withFlags(group.command('inject'))
    .addOption(forceOption())
    .description('inject a fault, and look from the victim that it took effect')
    .argument('<kind>', faultKinds.join(', '))
    .argument('<target...>', '"site NAME", "node NAME", "node NAME,NAME", "pod NAMESPACE/NAME" or "unit NODE/NAME.service"')
    .option('--set <name=number>', 'one of its numbers (edgeproof fault list --kinds); may be given several times', (text: string, before: readonly string[]) => [...before, text], [] as readonly string[])
    .addHelpText('after', '\nExamples:\n  edgeproof fault inject wan-blackhole site east\n  edgeproof fault inject wan-latency site east --set latencyMs=300 --set jitterMs=50\n  edgeproof fault inject container-kill pod default/web-0')
    .action(run(async (kind: string, target: string[], flags: Flags & { readonly set: readonly string[] }) => {
      const [{ createFault }, { readParameters }] = await Promise.all([import('../../chaos/fault.ts'), import('../../chaos/read-parameters.ts')]);
      if (!isKind(kind)) {
        const meant = suggest(kind, faultKinds);
        throw new UsageError(`no fault "${kind}"${meant === undefined ? '' : `; did you mean ${meant}?`}`, { next: `choose one of ${faultKinds.join(', ')}` });
      }
      const made = createFault(kind, target.join(' '), readParameters(kind, flags.set));
      await using opened = await open(flags, io);
      const { context, log } = opened;
      const { injectFault } = await import('../../chaos/run.ts');
      const record = await io.progress.step(`${kind}: ${made.target}${chosen(made)}`, async () => await injectFault(context, log, made));
      if (flags.json) return printJson(io, record);
      io.stdout.write(`${record.id}: ${record.evidence ?? ''}\n${record.endedAt === undefined ? `Heal it: edgeproof fault heal ${record.id}\n` : ''}`);
    }));

  withFlags(group.command('heal'))
    .addOption(forceOption())
    .description('heal one fault, or all that are open')
    .argument('[id]', 'of the fault')
    .option('--all', 'all open faults, as without an id')
    .addHelpText('after', '\nExamples:\n  edgeproof fault heal\n  edgeproof fault heal wan-down-1a2b3c4d')
    .action(run(async (id: string | undefined, flags: Flags & { readonly all?: boolean }) => {
      if (id !== undefined && flags.all) throw new UsageError(`"${id}" and --all exclude each other`, { next: 'give one of them' });
      if (id !== undefined) await checkId(id, flags);
      await using opened = await open(flags, io);
      const { context, log } = opened;
      const { healAll, healFault } = await import('../../chaos/run.ts');
      const healed = await io.progress.step('Healing', async () => (id === undefined ? await healAll(context, log) : [await healFault(context, log, id)]));
      if (flags.json) return printJson(io, healed);
      io.stdout.write(healed.length === 0 ? 'Nothing to heal: no fault is open.\n' : healed.map((record) => `Healed ${record.id}: ${record.kind}, ${record.target}\n`).join(''));
    }));

  withFlags(group.command('list'))
    .description('the faults of a cluster, open and past')
    .option('--kinds', 'what can be done to a cluster instead, and the numbers of it that can be set')
    .addHelpText('after', '\nExamples:\n  edgeproof fault list --json\n  edgeproof fault list --kinds')
    .action(run(async (flags: Flags & { readonly kinds?: boolean }) => {
      if (flags.kinds) return await listKinds(flags, io);
      const records = await (await openLog(flags)).log.records();
      if (flags.json) return printJson(io, { faults: records });
      io.stdout.write(records.length === 0 ? 'No faults yet. Inject one: edgeproof fault inject --help\n' : `${table(['id', 'kind', 'target', 'since', 'until', 'seen'], records.map(cells))}\n`);
    }));
};

const isKind = (kind: string): kind is FaultKind => (faultKinds as readonly string[]).includes(kind);

/** Every kind, what it can be done to, and its numbers. */
async function listKinds({ json }: Flags, io: Io): Promise<void> {
  const { targetsOf } = await import('../../chaos/fault.ts');
  const kinds = faultKinds.map((kind) => ({ kind, targets: targetsOf(kind), parameters: parametersOf(kind) }));
  if (json) return printJson(io, { kinds });
  const rows = kinds.flatMap(({ kind, targets, parameters }) => [
    [kind, targets.join(' or ')],
    ...Object.entries(parameters).map(([name, { default: usual, unit, least, most, what }]) => ['', `--set ${name}=${usual}`, `${unit}, ${least} to ${most}: ${what}`]),
  ]);
  io.stdout.write(`${table(['kind', 'target, or a number with its default', 'what it is'], rows)}\n`);
}

const chosen = ({ parameters = {} }: Pick<FaultRecord, 'parameters'>): string => Object.entries(parameters).map(([name, value]) => `, ${name} ${value}`).join('');
const cells = (record: FaultRecord): string[] => {
  const { id, kind, target, startedAt, endedAt, evidence } = record;
  return [id, kind, `${target}${chosen(record)}`, startedAt, endedAt ?? 'OPEN', evidence ?? ''];
};

async function openLog({ name }: Flags): Promise<{ cluster: FaultContext['cluster']; log: FaultLog }> {
  const [{ chooseCluster }, { loadCluster }, { FaultLog }] = await Promise.all([
    import('../clusters.ts'),
    import('../../harness/cluster/store.ts'),
    import('../../chaos/fault-log.ts'),
  ]);
  const cluster = await loadCluster(await chooseCluster(name));
  return { cluster, log: await FaultLog.open(cluster) };
}

/** @throws UsageError when the log has no such fault */
async function checkId(id: string, flags: Flags): Promise<void> {
  const { cluster, log } = await openLog(flags);
  const ids = (await log.records()).map((record) => record.id);
  if (ids.includes(id)) return;
  const meant = suggest(id, ids);
  throw new UsageError(`cluster ${cluster.name} has had no fault "${id}"${meant === undefined ? '' : `; did you mean ${meant}?`}`, { next: 'see edgeproof fault list' });
}

interface Opened extends AsyncDisposable {
  readonly context: FaultContext;
  readonly log: FaultLog;
}

/** To do something to a cluster, which nobody else does meanwhile. @throws UsageError when another edgeproof has it for itself */
async function open({ name, force = false }: Flags, io: Io): Promise<Opened> {
  const [{ chooseCluster }, { runningCluster }, { FaultLog }, { handsAlone }] = await Promise.all([import('../clusters.ts'), import('../running.ts'), import('../../chaos/fault-log.ts'), import('../run/grade-alone.ts')]);
  const chosen = await chooseCluster(name);
  await using held = new AsyncDisposableStack();
  if (!force) held.use(await handsAlone([chosen]));
  const { cluster, docker } = await runningCluster(chosen, io.signal);
  const opened = { context: { cluster, docker, signal: io.signal }, log: await FaultLog.open(cluster) };
  const left = held.move();
  return { ...opened, [Symbol.asyncDispose]: async () => await left.disposeAsync() };
}
