import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaTypes, samplesSchema, toldSchema, type ToldAttachment } from '../../reports/attachments.ts';
import { Samples } from '../../harness/probes/samples.ts';
import { attachHappenings, attachSamples } from './recorder.ts';
import type { EdgeWorld } from './world.ts';

const startedAt = new Date('2026-11-28T16:42:40Z');
const second = startedAt.getTime() / 1000;
const made = (at: number, namespace: string): string => `${second + at}.000000 dev-worker2 containerd[1]: level=info msg="RunPodSandbox for name:\\"app\\" uid:\\"1\\" namespace:\\"${namespace}\\" returns sandbox id \\"${'0'.repeat(64)}\\""`;

/** One that stands on site east, with what its nodes say, and what it attaches. */
function world(exec: () => Promise<{ stdout: string }>): { readonly world: EdgeWorld; readonly attached: Map<string, unknown> } {
  const attached = new Map<string, unknown>();
  return {
    attached,
    world: {
      startedAt, namespace: 'identity-x-abcde', scope: { ground: { site: 'east', nodes: ['dev-worker2'] } }, samples: new Samples(),
      cluster: { nodes: [{ name: 'dev-worker2', tier: 'edge', site: 'east' }, { name: 'dev-worker4', tier: 'edge', site: 'west' }] },
      docker: { exec }, attachJson: (value: unknown, mediaType: string) => { attached.set(mediaType, JSON.parse(JSON.stringify(value))); },
    } as unknown as EdgeWorld,
  };
}
const told = (attached: ReadonlyMap<string, unknown>): ToldAttachment => toldSchema.parse(attached.get(mediaTypes.told));

test('what a node told of a scenario is attached: not of others, and not that its own Pods go when it is over', async () => {
  const lines = [made(1, 'identity-x-abcde'), made(2, 'tunnel-other-fghij'), made(3, 'kube-system'), made(9, 'identity-x-abcde')];
  const { world: own, attached } = world(async () => ({ stdout: `\u001e${lines.join('\n')}\n` }));
  await attachHappenings(own, startedAt.getTime() + 5000, false);
  const [journal, ...others] = told(attached);
  assert.deepEqual(journal?.happenings.map(({ what }) => what), ['sandbox of app made', 'sandbox of kube-system/app made']);
  // Of site west nobody was asked; the API nobody watched.
  assert.deepEqual(others.map(({ who, gaps }) => [who, gaps]), [['Pods', ['nobody watched the API']]]);
});

test('what cannot be recorded is told, and makes no scenario fail', async () => {
  const { world: own, attached } = world(async () => { throw new Error('container dev-worker2 is not running'); });
  await attachHappenings(own, Date.now(), true);
  assert.match(told(attached)[0]!.gaps.join(), /the journal of dev-worker2 could not be read: container dev-worker2 is not running/);
  const broken = world(async () => ({ stdout: '' }));
  await attachHappenings({ ...broken.world, scope: undefined } as unknown as EdgeWorld, Date.now(), true);
  assert.match(told(broken.attached)[0]!.gaps.join(), /nothing was recorded: /);
});

test('a node that tells too much is cut short, with what went wrong in it', async () => {
  const lines = [...Array.from({ length: 60 }, (_, at) => `${second + at}.000000 dev-worker2 systemd[1]: Started x${at}.service - x.`), `${second + 70}.000000 dev-worker2 systemd[1]: Stopped kubelet.service - kubelet.`];
  const { world: own, attached } = world(async () => ({ stdout: `\u001e${lines.join('\n')}\n` }));
  await attachHappenings(own, Date.now(), false);
  const [journal] = told(attached);
  assert.deepEqual([journal?.happenings.length, journal?.left, journal?.happenings.at(-1)?.what], [16, 45, 'kubelet stopped']);
});

test('what probes saw is attached as the report reads it', () => {
  const { world: own, attached } = world(async () => ({ stdout: '' }));
  attachSamples(own);
  assert.equal(attached.size, 0);
  own.samples.add('pings', { at: 5000, ms: 1 });
  attachSamples(own);
  assert.equal(samplesSchema.parse(attached.get(mediaTypes.samples)).length, 1);
});
