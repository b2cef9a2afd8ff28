import { UsageError } from '../core/errors.ts';
import { type ClusterState } from '../harness/cluster/state.ts';
import { type Docker } from '../harness/docker/docker.ts';
import { faultKinds, type FaultKind } from './fault-kinds.ts';
import { withDefaults, type ChosenParameters } from './fault-parameters.ts';
import { containerKill } from './faults/container-kill.ts';
import { flannelRestart, kubeProxyRestart } from './faults/daemon-restart.ts';
import { lbDelete, lbStop } from './faults/lb-gone.ts';
import { certOther, certShort } from './faults/node-certificate.ts';
import { nodeDelete } from './faults/node-delete.ts';
import { nodePartition } from './faults/node-partition.ts';
import { nodeRestart } from './faults/node-restart.ts';
import { powerCut } from './faults/power-cut.ts';
import { sandboxKill } from './faults/sandbox-kill.ts';
import { unitKill } from './faults/unit-kill.ts';
import { containerdRestart, kubeletRestart } from './faults/unit-restart.ts';
import { vtepAnnotationLost } from './faults/vtep-annotation.ts';
import { vtepMacChanged } from './faults/vtep-mac.ts';
import { wanBlackhole } from './faults/wan-blackhole.ts';
import { wanCut } from './faults/wan-cut.ts';
import { wanDown } from './faults/wan-down.ts';
import { wanDeaf, wanMute } from './faults/wan-one-way.ts';
import { wanRebind } from './faults/wan-rebind.ts';
import { wanReset } from './faults/wan-reset.ts';
import { wanLatency, wanSlowClose, wanThin } from './faults/wan-slow.ts';
import { formsOf, parseTarget, type Target, type TargetType } from './target.ts';

export { faultKinds, type FaultKind } from './fault-kinds.ts';

export interface FaultContext {
  readonly cluster: ClusterState;
  readonly docker: Docker;
  readonly signal: AbortSignal;
}

/**
 * Something the harness does to the world. `inject` and `heal` may be called again: done is done. `heal` needs
 * nothing that `inject` remembered, so a fault made anew from its record heals too.
 */
export interface Fault {
  readonly kind: FaultKind;
  /** `site east`, `node dev-worker2`, `pod shop/web-0`, `unit dev-worker2/containerd.service`. */
  readonly target: string;
  /** The numbers that were chosen for it; of all others their defaults hold. */
  readonly parameters?: ChosenParameters;
  /** Over as soon as it was seen: a restart, a kill. Others last until they are healed. */
  readonly momentary: boolean;
  /** Gives the moment just before it struck, when it had something to prepare; else it struck when it was called. */
  inject(ctx: FaultContext): Promise<Date | void>;
  /** Looks from the victim's side. Gives a sentence on what it saw; throws when it did not see the fault. */
  verify(ctx: FaultContext): Promise<string>;
  heal(ctx: FaultContext): Promise<void>;
}

/** What is remembered of a fault, also after a crash. Times are ISO 8601. */
export interface FaultRecord {
  readonly id: string;
  readonly kind: FaultKind;
  readonly target: string;
  /** The numbers that were chosen for it. */
  readonly parameters?: ChosenParameters;
  readonly startedAt: string;
  /** When it struck, after all that its injection had to prepare: budgets of what must follow run from here. Of one that was done again, the last time. */
  readonly struckAt?: string;
  readonly verifiedAt?: string;
  /** What the victim saw. */
  readonly evidence?: string;
  /** When its healing began: nothing that needs what it had broken happened between its strike and then. */
  readonly healBeganAt?: string;
  readonly endedAt?: string;
}

type Deed = Pick<Fault, 'inject' | 'verify' | 'heal'>;

/** What a kind of fault can hit, whether it passes by itself, and how it is done. */
interface FaultType {
  readonly takes: readonly TargetType[];
  readonly momentary: boolean;
  readonly make: (target: Target, chosen: ChosenParameters) => Deed;
}

const faultTypes: Readonly<Record<FaultKind, FaultType>> = {
  'wan-down': { takes: ['site'], momentary: false, make: wanDown },
  'wan-blackhole': { takes: ['site'], momentary: false, make: wanBlackhole },
  'wan-reset': { takes: ['site'], momentary: true, make: wanReset },
  'wan-rebind': { takes: ['site'], momentary: false, make: wanRebind },
  'wan-mute': { takes: ['site'], momentary: false, make: wanMute },
  'wan-deaf': { takes: ['site'], momentary: false, make: wanDeaf },
  'wan-latency': { takes: ['site'], momentary: false, make: (target, chosen) => wanLatency(target, withDefaults('wan-latency', chosen)) },
  'wan-thin': { takes: ['site'], momentary: false, make: (target, chosen) => wanThin(target, withDefaults('wan-thin', chosen)) },
  'wan-slow-close': { takes: ['site'], momentary: false, make: (target, chosen) => wanSlowClose(target, withDefaults('wan-slow-close', chosen)) },
  'wan-cut': { takes: ['site'], momentary: false, make: (target, chosen) => wanCut(target, withDefaults('wan-cut', chosen)) },
  'lb-stop': { takes: ['site'], momentary: false, make: lbStop },
  'lb-delete': { takes: ['site'], momentary: false, make: lbDelete },
  'node-restart': { takes: ['node', 'site'], momentary: true, make: nodeRestart },
  'power-cut': { takes: ['node', 'site'], momentary: true, make: powerCut },
  'node-partition': { takes: ['node'], momentary: false, make: nodePartition },
  'node-delete': { takes: ['node'], momentary: false, make: nodeDelete },
  'cert-short': { takes: ['node'], momentary: false, make: (target, chosen) => certShort(target, withDefaults('cert-short', chosen)) },
  'cert-other': { takes: ['node'], momentary: false, make: certOther },
  'kubelet-restart': { takes: ['node', 'site'], momentary: true, make: kubeletRestart },
  'flannel-restart': { takes: ['node', 'site'], momentary: true, make: flannelRestart },
  'containerd-restart': { takes: ['node', 'site'], momentary: true, make: containerdRestart },
  'kube-proxy-restart': { takes: ['node', 'site'], momentary: true, make: kubeProxyRestart },
  'vtep-mac': { takes: ['node'], momentary: false, make: vtepMacChanged },
  'vtep-annotation': { takes: ['node'], momentary: false, make: vtepAnnotationLost },
  'unit-kill': { takes: ['unit'], momentary: true, make: unitKill },
  'container-kill': { takes: ['pod'], momentary: true, make: containerKill },
  'sandbox-kill': { takes: ['pod'], momentary: true, make: sandboxKill },
};

/** What a kind can be done to, as it is written. */
export const targetsOf = (kind: FaultKind): string[] => faultTypes[kind].takes.map((one) => formsOf[one]);

/** @throws UsageError for an unknown kind, or a target that is not of a form that the kind takes */
export function createFault(kind: string, target: string, parameters: ChosenParameters = {}): Fault {
  const type = Object.hasOwn(faultTypes, kind) ? faultTypes[kind as FaultKind] : undefined;
  if (type === undefined) throw new UsageError(`no such fault: ${kind}`, { next: `choose one of: ${faultKinds.join(', ')}` });
  const parsed = parseTarget(target);
  if (parsed === undefined || !type.takes.includes(parsed.type)) {
    throw new UsageError(`${kind} cannot be done to "${target}"`, { next: `name its target as ${targetsOf(kind as FaultKind).join(' or ')}` });
  }
  const { inject, verify, heal } = type.make(parsed, parameters);
  return { kind: kind as FaultKind, target, ...(Object.keys(parameters).length > 0 && { parameters }), momentary: type.momentary, inject, verify, heal };
}

/** The fault that a record is about, fit for healing. */
export const faultFromRecord = (record: FaultRecord): Fault => createFault(record.kind, record.target, record.parameters);
