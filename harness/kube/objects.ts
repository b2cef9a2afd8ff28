/** Kubernetes objects as JSON, as far as edgeproof reads them. Times are RFC 3339 strings. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: { kind: string; name: string; uid: string }[];
}

/** Anything that can be applied: the fields beside the metadata are the API's business. */
export type Manifest = { apiVersion: string; kind: string; metadata: Partial<ObjectMeta> & { name: string } } & Record<string, unknown>;

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export interface KubeNode extends KubeObject {
  spec: { podCIDR?: string; taints?: { key: string; value?: string; effect: string }[]; unschedulable?: boolean };
  status: { conditions?: Condition[]; addresses?: { type: string; address: string }[] };
}

export interface ContainerStatus {
  name: string;
  ready: boolean;
  restartCount: number;
  containerID?: string;
  state?: { running?: { startedAt?: string }; waiting?: { reason?: string; message?: string }; terminated?: { reason?: string; exitCode: number } };
}

export interface KubePod extends KubeObject {
  spec: { nodeName?: string; hostNetwork?: boolean; containers: { name: string }[] };
  status: { phase?: string; reason?: string; message?: string; podIP?: string; hostIP?: string; conditions?: Condition[]; containerStatuses?: ContainerStatus[] };
}

export interface KubeEvent extends KubeObject {
  involvedObject: { kind: string; name: string };
  reason?: string;
  message?: string;
  type?: string;
  lastTimestamp?: string;
  eventTime?: string;
  count?: number;
  series?: { count?: number };
  source?: { host?: string };
  reportingInstance?: string;
}

export interface KubeService extends KubeObject {
  spec: { clusterIP: string; ports: { port: number }[] };
}

export interface KubeLease extends KubeObject {
  spec: { holderIdentity?: string; renewTime?: string };
}

/** The status of one condition, or undefined when nobody has said. */
export const condition = (object: { status: { conditions?: Condition[] } }, type: string): Condition | undefined =>
  object.status.conditions?.find((one) => one.type === type);

export const isReady = (object: { status: { conditions?: Condition[] } }): boolean => condition(object, 'Ready')?.status === 'True';
