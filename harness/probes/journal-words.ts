import { sentence } from './happening.ts';

export interface Said {
  readonly what: string;
  readonly bad?: boolean;
  /** Whose Pod it is about. */
  readonly namespace?: string;
}

interface Owner {
  /** `app of ns/app-7`. */
  readonly name: string;
  readonly namespace: string;
}

const short = (id: string): string => id.slice(0, 8);
/** In a message of containerd's, quotes are escaped. */
const plain = (text: string): string => text.replaceAll(String.raw`\"`, '"').replaceAll(String.raw`\\`, '\\');
const field = (text: string, name: string): string | undefined => new RegExp(`(?:^|[\\s{])${name}="((?:[^"\\\\]|\\\\.)*)"`).exec(text)?.[1];

/**
 * Says in a sentence what a line of a node's journal tells, or nothing if it tells nothing to whoever looks for a reason. Lines must come in their
 * order: containerd names a sandbox or a container by its id alone once it has said whose it is.
 */
export class JournalWords {
  readonly #owners = new Map<string, Owner>();

  /** @param logs names of the files in /var/log/containers, which say whose the containers are that were there before: POD_NAMESPACE_CONTAINER-ID.log */
  constructor(logs: readonly string[] = []) {
    for (const name of logs) {
      const [, pod, namespace = '', container, id] = /^([^_]+)_([^_]+)_(.+)-([0-9a-f]{64})\.log$/.exec(name) ?? [];
      if (id !== undefined) this.#owners.set(id, { name: `${container} of ${namespace}/${pod}`, namespace });
    }
  }

  of(program: string, text: string): Said | undefined {
    if (program === 'systemd') return ofSystemd(text);
    if (program === 'kubelet') return ofKubelet(text);
    if (program === 'containerd') return this.#ofContainerd(text);
    return { what: sentence(`${program}: ${text}`), bad: true };
  }

  #owned(id: string, otherwise: string): { readonly name: string; readonly namespace?: string } {
    return this.#owners.get(id) ?? { name: `${otherwise} ${short(id)}` };
  }

  #ofContainerd(text: string): Said | undefined {
    const message = plain(field(text, 'msg') ?? '');
    const error = plain(field(text, 'error') ?? '');
    const [, pod, namespace] = /^RunPodSandbox for .*?name:"([^"]+)".*?namespace:"([^"]+)"/.exec(message) ?? [];
    if (pod !== undefined && namespace !== undefined) {
      const attempt = /attempt:(\d+)/.exec(message)?.[1];
      if (message.includes(' returns sandbox id ')) {
        const sandbox = /sandbox id "([0-9a-f]+)"/.exec(message)?.[1] ?? '';
        this.#owners.set(sandbox, { name: `${namespace}/${pod}`, namespace });
        return { what: `${attempt === undefined ? 'sandbox' : `sandbox ${Number(attempt) + 1}`} of ${namespace}/${pod} made`, namespace };
      }
      return error === '' ? undefined : { what: sentence(`no sandbox for ${namespace}/${pod}: ${cause(error)}`), bad: true, namespace };
    }
    const made = /^CreateContainer within sandbox "([0-9a-f]+)" for .*?name:"([^"]+)".*? returns container id "([0-9a-f]+)"/.exec(message);
    if (made !== null) {
      const [, sandbox = '', container = '', id = ''] = made;
      const owner = this.#owned(sandbox, 'sandbox');
      this.#owners.set(id, { name: `${container} of ${owner.name}`, namespace: owner.namespace ?? '' });
      return undefined;
    }
    const id = /"([0-9a-f]{64})"/.exec(message)?.[1] ?? '';
    if (/^StartContainer for .* returns successfully/.test(message)) return about(this.#owned(id, 'container'), (name) => `${name} started`);
    if (/^StopContainer for .* with timeout/.test(message)) return about(this.#owned(id, 'container'), (name) => `${name} is told to stop`);
    const status = Number(/exit_status:(\d+)/.exec(message)?.[1] ?? 0);
    if (message.startsWith('received container exit event')) return about(this.#owned(id, 'container'), (name) => `${name} ended with ${status}`, status !== 0);
    if (message.startsWith('received sandbox container exit event')) return about(this.#owned(id, 'sandbox'), (name) => `sandbox of ${name} ended with ${status}`);
    if (message.startsWith('StopPodSandbox') || message.startsWith('received sandbox')) return undefined;
    if (!/\blevel=(error|fatal)\b/.test(text) || /NotFound|not found/.test(error)) return undefined;
    return { what: sentence(`containerd: ${message.replaceAll(/[0-9a-f]{64}/g, short)}${error === '' ? '' : `: ${cause(error)}`}`), bad: true };
  }
}

const about = (owner: { readonly name: string; readonly namespace?: string }, say: (name: string) => string, bad = false): Said =>
  ({ what: say(owner.name), ...(bad && { bad }), ...(owner.namespace !== undefined && owner.namespace !== '' && { namespace: owner.namespace }) });

/** Ids of sandboxes, the wrappings of gRPC and whole objects say nothing to a reader. */
const cause = (error: string): string => error.replaceAll(/rpc error: code = \w+ desc = /g, '').replaceAll(/[0-9a-f]{64}/g, short).replaceAll(/ "?\{"[^]*\}"/g, '');

/** Of the units that were asked for. */
function ofSystemd(text: string): Said | undefined {
  const [, verb, unit] = /^(Started|Stopped|Stopping|Starting|Reloaded) (\S+?)(?:\.service)?(?: - .*|\.\.\.|\.)?$/.exec(text) ?? [];
  if (verb === 'Starting' || verb === 'Stopping') return undefined;
  if (verb !== undefined) return { what: `${unit} ${verb.toLowerCase()}`, bad: verb === 'Stopped' };
  const [, of = '', why = ''] = /^(\S+)\.service: (Main process exited, .*|Failed with result .*|Scheduled restart job, .*|A process of this unit has been killed .*|Watchdog timeout.*)$/.exec(text) ?? [];
  return why === '' || why.startsWith('Failed with result') ? undefined : { what: sentence(`${of}: ${why}`), bad: !why.startsWith('Scheduled') };
}

/** What follows from something else that is told, or is told at every start. */
const dull = /Unable to register mirror pod|ContainerStatus from runtime service failed|DeleteContainer returned error|RunPodSandbox from runtime service failed|Failed to create sandbox for pod|CreatePodSandbox for pod failed|Failed to get status for pod|PodSandboxStatus of sandbox|rlimit|oom|Failed to read data from checkpoint|Kubelet initialization|Failed to monitor images|stats|separate container filesystem/i;

/** A line of klog: `E1128 06:09:36.284248     183 controller.go:260] "Failed to update lease" err="…" pod="ns/name"`. */
function ofKubelet(text: string): Said | undefined {
  const [, severity = '', rest = ''] = /^([IWEF])\d{4} \S+ +\d+ [^\]]+\] (.*)$/.exec(text) ?? [];
  const message = /^"((?:[^"\\]|\\.)*)"/.exec(rest)?.[1] ?? rest;
  if (rest === '' || dull.test(message)) return undefined;
  if (severity === 'I' || severity === 'W') return /^(Node became|Successfully registered node|Node was previously registered)/.test(message) ? { what: `kubelet: ${message}`, bad: message.startsWith('Node became not ready') } : undefined;
  const pod = field(rest, 'pod');
  const error = plain(plain(field(rest, 'err') ?? ''));
  // Of an address within the API, the host tells who was asked.
  const why = cause(error).replaceAll(/(https?:\/\/[^/\s"]+)\/[^\s"]*/g, '$1/…');
  const [namespace] = pod?.split('/') ?? [];
  return { what: sentence(`kubelet: ${message.replace(/, (?:will retry|skipping)$/, '')}${pod === undefined ? '' : ` ${pod}`}${why === '' ? '' : `: ${why}`}`), bad: true, ...(namespace !== undefined && { namespace }) };
}
