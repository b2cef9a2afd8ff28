import { z } from 'zod';
import { consistencyProblems } from './consistency.ts';

/*
 * The description of a field ends the sentence "write …": it is the cure that an error about the field shows.
 * Unknown keys are errors everywhere: a misspelt `latncyMs` must not boot a cluster without latency.
 */

/** A label of DNS (RFC 1123): also a safe part of container, chain and file names. */
const dnsLabel = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
/** Sites become part of container names and of label values; 20 leaves room for the cluster's name in both. */
const maxSiteName = 20;
const maxTopologyName = 32;

const name = (max: number): z.ZodString =>
  z
    .string()
    .max(max, { abort: true, error: (issue) => `"${String(issue.input)}" is ${String(issue.input).length} characters long, and ${max} are the most` })
    .regex(dnsLabel, { error: (issue) => `"${String(issue.input)}" is not a name that Kubernetes and Docker take` })
    .describe(`1 to ${max} characters: a-z, 0-9 and "-", with a letter or digit first and last`);

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
const labelKey = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;

const labelsSchema = z
  .record(
    z.string().regex(labelKey, { error: 'is not a label key that Kubernetes takes' }),
    z
      .string()
      .regex(labelValue, { error: (issue) => `"${String(issue.input)}" is not a label value that Kubernetes takes` })
      .describe('at most 63 letters, digits, "-", "_" and ".", quoted where YAML would read a number or true'),
  )
  .describe('labels as key: value, with keys like example.com/rack');

const deviceClasses = ['gateway', 'device', 'cdn', 'idc'] as const;
const architectures = ['amd64', 'arm64'] as const;

const nodeSchema = z
  .strictObject({
    deviceClass: z.enum(deviceClasses).default('device').describe(`one of ${deviceClasses.join(', ')}`),
    /** A stand-in: the node only says so in a label; its programs are the host's. */
    architecture: z.enum(architectures).default('amd64').describe(`one of ${architectures.join(', ')} (it only labels the node)`),
    labels: labelsSchema.default({}),
  })
  .describe('a node such as { deviceClass: gateway }, or {} for the defaults');

const wanSchema = z
  .strictObject({
    latencyMs: z.int().min(0).max(10_000).default(0).describe('a whole number of milliseconds, one way, from 0 to 10000'),
    jitterMs: z.int().min(0).max(10_000).default(0).describe('a whole number of milliseconds, at most latencyMs'),
    bandwidthKbps: z.int().min(8).max(10_000_000).optional().describe('kilobits per second as a whole number from 8, or leave the key out for no limit'),
  })
  .describe('a link such as { latencyMs: 20, jitterMs: 5, bandwidthKbps: 20000 }');

const siteSchema = z
  .strictObject({
    name: name(maxSiteName),
    nodes: z.array(nodeSchema).min(1, { error: 'is empty: a site has one node or more' }).describe('a list with one node or more'),
    wan: wanSchema.default({ latencyMs: 0, jitterMs: 0 }),
  })
  .describe('a site such as { name: east, nodes: [{}] }');

const subnet = z.string().describe('an IPv4 network such as 10.244.0.0/16');

const overlaySchema = z
  .strictObject({
    backend: z.enum(['vxlan']).default('vxlan').describe('vxlan, the only one so far'),
    podSubnet: subnet.default('10.244.0.0/16'),
    serviceSubnet: subnet.default('10.96.0.0/16'),
    nodeCidrMask: z.int().min(9).max(28).default(24).describe("the prefix of each node's part of podSubnet, a whole number from 9 to 28"),
  })
  .describe('{ podSubnet: 10.244.0.0/16, serviceSubnet: 10.96.0.0/16, nodeCidrMask: 24 }, or leave it out');

const cloudSchema = z
  .strictObject({
    controlPlanes: z
      .int()
      .refine((n) => n === 1, { error: (issue) => `is ${String(issue.input)}, but a cluster has exactly 1 for now: more need kind's load-balancer image, which cannot be built from packages` })
      .default(1)
      .describe('1, or leave the key out'),
    workers: z.int().min(0).describe('the number of cloud workers, 0 or more'),
  })
  .describe('{ controlPlanes: 1, workers: 1 }');

/** Shapes and ranges only; `topologySchema` adds what must hold between the fields. */
export const topologyShape = z
  .strictObject({
    name: name(maxTopologyName),
    description: z.string().min(1, { error: 'is empty' }).max(300).describe('a sentence saying what this layout is for'),
    cloud: cloudSchema,
    sites: z.array(siteSchema).min(1, { error: 'is empty: without an edge there is nothing to prove' }).describe('a list with one site or more'),
    /** May nodes of different sites reach each other? */
    interSite: z.enum(['deny', 'allow']).default('deny').describe('deny or allow'),
    overlay: overlaySchema.default({ backend: 'vxlan', podSubnet: '10.244.0.0/16', serviceSubnet: '10.96.0.0/16', nodeCidrMask: 24 }),
  })
  .describe('a map with name, description, cloud and sites');

/** A cloud-edge layout, as its YAML file says it; defaults are filled in. */
export const topologySchema = topologyShape.superRefine((topology, context) => {
  for (const { path, message } of consistencyProblems(topology)) context.addIssue({ code: 'custom', path: [...path], message });
});

export type Topology = z.infer<typeof topologySchema>;
export type Site = Topology['sites'][number];
export type EdgeNode = Site['nodes'][number];
export type WanProfile = Site['wan'];

/** How many Kubernetes nodes a topology has. */
export const nodeCount = (topology: Topology): number =>
  topology.cloud.controlPlanes + topology.cloud.workers + topology.sites.reduce((sum, site) => sum + site.nodes.length, 0);
