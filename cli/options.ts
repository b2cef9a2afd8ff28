import { readdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { UsageError } from '../core/errors.ts';
import { repositoryRoot } from '../core/paths.ts';
import { choices, suggest } from '../core/suggest.ts';
import type { ClusterState } from '../harness/cluster/state.ts';
import type { ImagesMode } from '../harness/images/registry.ts';
import type { Topology } from '../topologies/schema.ts';

/** What `up` is asked for. */
export interface UpOptions {
  readonly name: string;
  readonly topology: Topology;
  /** By what it is had again from the root of the repository: its name or its path. */
  readonly topologyArgument: string;
  /** A folder of implementations/. */
  readonly implementation: string;
  readonly images: ImagesMode;
}

/** `force`: also what another edgeproof grades or boots. */
export type DownOptions = ({ readonly name: string } | { readonly all: true }) & { readonly force: boolean };

export interface ConformanceOptions extends Omit<UpOptions, 'name'> {
  /** The user's name for the cluster; without it, one of the command's choice. */
  readonly name?: string;
  /** A tag expression of Cucumber that is known to parse and to select something. */
  readonly tags?: string;
  /** Leave the cluster running at the end. */
  readonly keep: boolean;
  /** A cluster that runs already, to be graded as it is. */
  readonly cluster?: ClusterState;
  /** How often all of it is run, on one cluster. */
  readonly repeat: number;
  /** Nothing begins any more once a scenario has failed. */
  readonly failFast: boolean;
}

export type ControlOptions = Omit<ConformanceOptions, 'implementation' | 'cluster'>;

export interface DemoOptions extends Pick<ConformanceOptions, 'cluster' | 'keep' | 'images'> {
  /** Absolute path of a file for what is told. */
  readonly record?: string;
}

export interface ImagesBuildOptions {
  /** A folder of implementations/. */
  readonly implementation: string;
  readonly images: ImagesMode;
}

export const defaultName = 'dev';
export const defaultTopology = 'two-sites';
/** What fails there fails by waiting, so it waits on four sites at once. */
export const controlTopology = 'many-sites';
export const topologyDescription = 'a name (two-sites, one-edge, many-cloud, many-sites, small-ranges) or the path of a YAML file';
export const defaultImplementation = 'reference';

export const imagesOption = (): Option =>
  new Option('--images <mode>', 'where images come from: auto pulls when a registry answers, else builds').choices(['auto', 'build', 'pull'] satisfies ImagesMode[]).default('auto');

/** With the longest name of a node, `NAME-control-plane`, within the 63 characters of a host name. */
const maxClusterName = 40;

/** Reads a whole number within bounds. The reader throws InvalidArgumentError. */
export const wholeNumber = (least: number, most: number) => (text: string): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  return value;
};

const mostRounds = 1000;

/** How a graded run is gone about. */
export const roundOptions = (command: Command): Command => command
  .addOption(nameOption('name of the cluster'))
  .option('--repeat <n>', 'run all of it so often on one cluster, each time with a report of its own, and say at the end what was not the same', wholeNumber(1, mostRounds), 1)
  .option('--fail-fast', 'begin nothing any more once a scenario has failed; of a control, no round any more after one that did not pass')
  .option('--keep', 'leave the cluster running at the end; conformance stops at a failure then, and leaves all as that left it')
  .addOption(imagesOption());

/** @throws InvalidArgumentError */
export function clusterName(text: string): string {
  if (text.length > maxClusterName) throw new InvalidArgumentError(`It has ${text.length} characters, and ${maxClusterName} are the most.`);
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text)) throw new InvalidArgumentError('A cluster name has a-z, 0-9 and "-", with a letter or digit first and last.');
  return text;
}

export const forceOption = (): Option => new Option('--force', 'also while another edgeproof grades the cluster: that run is spoilt');

export const nameOption = (description: string): Option => new Option('--name <name>', description).argParser(clusterName);

/** Reads and checks a topology. @throws UsageError, TopologyError */
export async function checkTopology(nameOrPath: string, cwd: string): Promise<Topology> {
  // zod and yaml take longer to load than --help to answer.
  const { loadTopology } = await import('../topologies/load.ts');
  return await loadTopology(nameOrPath, cwd);
}

/** The same, and by what it is had again. @throws UsageError, TopologyError */
export async function chooseTopology(nameOrPath: string, cwd: string): Promise<Pick<UpOptions, 'topology' | 'topologyArgument'>> {
  const { isTopologyPath } = await import('../topologies/load.ts');
  return { topology: await checkTopology(nameOrPath, cwd), topologyArgument: isTopologyPath(nameOrPath) ? fromRoot(resolve(cwd, nameOrPath)) : nameOrPath };
}

/** A path as whoever stands in the root of the repository says it: what is below it has the same one on other machines. */
const fromRoot = (path: string): string => (path.startsWith(`${repositoryRoot}/`) ? `./${relative(repositoryRoot, path)}` : path);

/** @throws UsageError when implementations/ has no such folder */
export async function checkImplementation(name: string): Promise<string> {
  const folders = await readdir(join(repositoryRoot, 'implementations'), { withFileTypes: true }).catch(() => []);
  const names = folders.filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
  if (names.includes(name)) return name;
  const meant = suggest(name, names);
  throw new UsageError(`no implementation "${name}"${meant === undefined ? '' : `; did you mean ${meant}?`}`, {
    next: `choose one of ${choices(names)}`,
  });
}

/**
 * A tag expression is checked before anything is booted for it.
 *
 * @throws UsageError when it is empty, does not parse, or selects no scenario
 */
export async function checkTags(expression: string): Promise<string> {
  // To the parser that is an expression that holds of everything, and within another one no expression at all.
  if (expression.trim() === '') throw new UsageError('--tags says nothing', { next: "leave it out for all scenarios, or write an expression such as '@tunnel and not @slow'" });
  const [{ default: parse }, { loadCatalogue }] = await Promise.all([import('@cucumber/tag-expressions'), import('../features/catalogue.ts')]);
  let node: { evaluate(tags: string[]): boolean };
  try {
    node = parse(expression);
  } catch (error) {
    throw new UsageError(`--tags: ${(error as Error).message.trim()}`, { next: "write an expression such as '@tunnel and not @slow'" });
  }
  const scenarios = await loadCatalogue();
  if (scenarios.some(({ tags }) => node.evaluate([...tags]))) return expression;
  const known = [...new Set(scenarios.flatMap(({ tags }) => tags))];
  const strange = [...expression.matchAll(/@[^\s()]+/g)].map(([tag]) => tag).find((tag) => !known.includes(tag));
  const meant = strange === undefined ? undefined : suggest(strange, known);
  throw new UsageError(`--tags '${expression}' selects no scenario${strange === undefined ? '' : `: no scenario has ${strange}`}${meant === undefined ? '' : `; did you mean ${meant}?`}`, {
    next: 'docs/promises.md lists the scenarios and their tags',
  });
}
