import { condition, isReady, type KubeEvent, type KubeNode, type KubePod } from '../kube/objects.ts';
import { sentence } from './happening.ts';

/** What somebody reads of a change. */
export interface ApiSaid {
  readonly what: string;
  readonly bad?: boolean;
}

const list = (parts: readonly (string | false | undefined)[]): string => parts.filter((part) => part !== undefined && part !== false && part !== '').join(', ');

/** What a Pod is at one moment, as far as a change of it is news. */
export interface PodFacts {
  readonly state: string;
  readonly node: string | undefined;
  readonly address: string | undefined;
  readonly restarts: number;
  readonly ready: boolean;
  readonly leaving: boolean;
}

/** Of these, a Pod does not recover by waiting. */
const trouble = /BackOff|Err|Error|OOM|Failed|Unknown|Invalid/;

export function factsOfPod({ metadata, spec, status }: KubePod): PodFacts {
  const containers = status.containerStatuses ?? [];
  const waiting = containers.flatMap(({ name, state }) => {
    const why = state?.waiting?.reason ?? (state?.terminated === undefined ? undefined : `ended with ${state.terminated.exitCode}`);
    return why === undefined || why === 'ContainerCreating' || why === 'PodInitializing' ? [] : [`${name} ${why}`];
  });
  return {
    state: list([status.phase ?? 'Unknown', status.reason, ...waiting]), node: spec.nodeName, address: status.podIP,
    restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0), ready: isReady({ status }), leaving: metadata.deletionTimestamp !== undefined,
  };
}

/** @param before undefined: it was not there @param now undefined: it is gone */
export function podChange(name: string, before: PodFacts | undefined, now: PodFacts | undefined): ApiSaid | undefined {
  if (now === undefined) return { what: `${name} is gone` };
  if (before === undefined) return { what: `${name} is there: ${list([now.state, now.node !== undefined && `on ${now.node}`])}` };
  const address = now.address !== before.address && (before.address === undefined ? now.address : `address ${now.address ?? 'none'}, before ${before.address}`);
  const news = list([
    now.state !== before.state && now.state, now.node !== before.node && `on ${now.node}`, now.restarts > before.restarts && `restart ${now.restarts}`,
    now.ready !== before.ready && (now.ready ? 'ready' : 'not ready'), address, now.leaving && !before.leaving && 'is to be deleted',
  ]);
  if (news === '') return undefined;
  const bad = (now.state !== before.state && trouble.test(now.state)) || (before.ready && !now.ready && !now.leaving);
  return { what: sentence(`${name}: ${news}`), bad };
}

export interface NodeFacts {
  readonly ready: string;
  readonly taints: readonly string[];
  readonly pressure: readonly string[];
}

export function factsOfNode({ spec, status }: KubeNode): NodeFacts {
  const ready = condition({ status }, 'Ready');
  return {
    // The message of a Ready node says that it is so.
    ready: ready?.status === 'True' ? 'Ready' : list([`not Ready (${ready?.status ?? 'nobody has said'})`, ready?.reason, ready?.message]),
    taints: (spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).sort(),
    pressure: (status.conditions ?? []).filter(({ type, status: is }) => type !== 'Ready' && is === 'True').map(({ type, reason }) => list([type, reason])).sort(),
  };
}

export function nodeChange(name: string, before: NodeFacts | undefined, now: NodeFacts | undefined): ApiSaid | undefined {
  if (now === undefined) return { what: `${name} is gone`, bad: true };
  if (before === undefined) return { what: `${name} is there: ${now.ready}` };
  const came = (was: readonly string[], is: readonly string[]): string[] => is.filter((one) => !was.includes(one));
  const [taints, untaints, pressure] = [came(before.taints, now.taints), came(now.taints, before.taints), came(before.pressure, now.pressure)];
  const turned = now.ready !== before.ready && (now.ready === 'Ready' || before.ready === 'Ready');
  const news = list([turned && now.ready, taints.length > 0 && `tainted ${taints.join(' ')}`, untaints.length > 0 && `no longer tainted ${untaints.join(' ')}`, ...pressure]);
  return news === '' ? undefined : { what: sentence(`${name}: ${news}`), bad: (turned && now.ready !== 'Ready') || pressure.length > 0 };
}

/** What a change of the object itself tells, or what is so at every start. */
const dull = new Set(['Scheduled', 'Pulling', 'Pulled', 'Created', 'Started', 'SuccessfulCreate', 'SuccessfulDelete', 'ScalingReplicaSet', 'LeaderElection', 'NodeNotReady', 'NodeReady', 'NodeHasSufficientMemory', 'NodeHasNoDiskPressure', 'NodeHasSufficientPID', 'NodeAllocatableEnforced', 'CgroupV1', 'Synced']);

export function eventSaid(event: KubeEvent): ApiSaid | undefined {
  const { involvedObject: { kind, name }, reason = '', message = '', type } = event;
  if (dull.has(reason) || (kind !== 'Pod' && kind !== 'Node')) return undefined;
  const where = kind === 'Pod' ? `${event.metadata.namespace}/${name}` : name;
  return { what: sentence(`${where}: ${reason}: ${message}`), bad: type === 'Warning' };
}
