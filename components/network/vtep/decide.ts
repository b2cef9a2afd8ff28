import { backendData, macIn } from './backend-data.ts';

/** What the API says of this Node, as far as it is known here. */
export interface Told {
  /** The annotation with the MAC; undefined when there is none. */
  readonly text: string | undefined;
  /** flannel's back end; undefined when flannel has never been on this node. */
  readonly backendType: string | undefined;
}

export interface Facts {
  /** The MAC that goes with the node's name. */
  readonly own: string;
  readonly vni: number;
  /** The device, if it is there. */
  readonly device: { readonly mac: string } | undefined;
  /** Whether it is known what it would have to be like, and it can be made so now. */
  readonly canCreate: boolean;
  /** Whether it is remembered that peers were told of `own`. */
  readonly bound: boolean;
  /** Undefined while nothing was heard of it since the start. */
  readonly told: Told | undefined;
}

export interface Decision {
  /** Peers have been told of `own`: it stays so. */
  readonly bound: boolean;
  readonly create: boolean;
  readonly setMac: boolean;
  /** What the annotation is to be, when it is not that. */
  readonly announce: string | undefined;
  /** What keeps the device from having `own`. */
  readonly waiting: string | undefined;
}

/**
 * What is to be done about a node's VTEP.
 *
 * Once peers have been told of the MAC, the device has it, whatever else is known, lost or out of reach. Until then they are told first, and the
 * device keeps what it has: a node that is cut off may not change the MAC that its neighbours know it by, as nobody can tell them.
 */
export function decide({ own, vni, device, canCreate, bound: remembered, told }: Facts): Decision {
  if (told?.backendType !== undefined && told.backendType !== 'vxlan') {
    return { bound: remembered, create: false, setMac: false, announce: undefined, waiting: `flannel's back end is ${told.backendType}` };
  }
  const bound = remembered || macIn(told?.text) === own;
  const right = backendData(vni, own);
  return {
    bound,
    create: bound && device === undefined && canCreate,
    setMac: bound && device !== undefined && device.mac !== own,
    announce: told !== undefined && told.text !== right ? right : undefined,
    waiting: bound || device?.mac === own ? undefined : told === undefined ? 'what peers were told is not known yet' : 'peers are to be told first',
  };
}
