import type { Pod } from '../state.ts';
import { CniError, cniCodes } from './cni-error.ts';

const commands = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION'] as const;
export type Command = (typeof commands)[number];

export interface Attachment {
  readonly container: string;
  /** '' for a DEL of which the namespace is gone. */
  readonly netns: string;
  readonly ifname: string;
  /** Undefined for a container that is no Pod's. */
  readonly pod: Pod | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** CNI specification 1.1.0, section 2, "Parameters". */
const containerId = /^[a-zA-Z0-9][\w.-]*$/;
/** What Linux takes for the name of an interface (net/core/dev.c, dev_valid_name), of at most 15 bytes. */
const interfaceName = /^(?!\.{1,2}$)[^/:\s]{1,15}$/;

/** @throws CniError 4 */
export function commandIn(environment: Environment): Command {
  const given = environment['CNI_COMMAND'] ?? '';
  const command = commands.find((one) => one === given);
  if (command === undefined) throw new CniError(cniCodes.invalidEnvironment, given === '' ? 'CNI_COMMAND is missing' : `CNI_COMMAND is ${given}: it must be one of ${commands.join(', ')}`);
  return command;
}

/**
 * What an ADD, DEL or CHECK is about.
 *
 * @throws CniError 4, which names all variables that are wrong
 */
export function attachmentIn(environment: Environment, command: 'ADD' | 'DEL' | 'CHECK'): Attachment {
  const read = (name: string): string => environment[name] ?? '';
  const container = read('CNI_CONTAINERID');
  const ifname = read('CNI_IFNAME');
  const netns = read('CNI_NETNS');
  const wrong = [
    ...problem('CNI_CONTAINERID', container, containerId),
    ...problem('CNI_IFNAME', ifname, interfaceName),
    ...(command === 'DEL' || netns !== '' ? [] : ['CNI_NETNS is missing']),
  ];
  const given = argumentsIn(read('CNI_ARGS'));
  if (given === undefined) wrong.push('CNI_ARGS must be KEY=VALUE, several of them separated by semicolons');
  if (wrong.length > 0) throw new CniError(cniCodes.invalidEnvironment, wrong.join('; '));
  // host-local gives the address that it is asked for there; to give another without a word would be worse than none.
  const asked = given?.get('IP');
  if (asked !== undefined && asked !== '') throw new CniError(cniCodes.unsupportedField, `CNI_ARGS asks for IP=${asked}: a Pod has the address that is reserved for it`);
  return { container, netns, ifname, pod: podIn(given!) };
}

const problem = (name: string, value: string, form: RegExp): string[] => (form.test(value) ? [] : [value === '' ? `${name} is missing` : `${name} is not valid: ${JSON.stringify(value)}`]);

function argumentsIn(text: string): Map<string, string> | undefined {
  const pairs = text.split(';').filter((pair) => pair !== '');
  return pairs.every((pair) => pair.indexOf('=') > 0) ? new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])) : undefined;
}

/** As containerd names a Pod (`toCNILabels`): all three, or it is a container like any other. */
export function podIn(given: ReadonlyMap<string, string>): Pod | undefined {
  const [namespace, name, uid] = ['K8S_POD_NAMESPACE', 'K8S_POD_NAME', 'K8S_POD_UID'].map((key) => given.get(key) ?? '');
  return namespace && name && uid ? { namespace, name, uid } : undefined;
}
