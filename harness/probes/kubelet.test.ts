import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Docker } from '../docker/docker.ts';
import { kubeletStartedAt } from './kubelet.ts';

const says = (stdout: string): Docker => ({ exec: async () => ({ code: 0, stdout, stderr: '' }) }) as unknown as Docker;

test('a kubelet was started when systemd says so; of one that does not run nobody knows', async () => {
  assert.equal(await kubeletStartedAt(says('ActiveState=active\nExecMainStartTimestamp=@1795550000\n'), 'w'), 1_795_550_000_000);
  for (const dead of ['ActiveState=activating\nExecMainStartTimestamp=@1795550000\n', 'ActiveState=active\nExecMainStartTimestamp=\n']) {
    await assert.rejects(kubeletStartedAt(says(dead), 'w'), { code: 'NO_PROCESS', message: /the kubelet of w does not run: ActiveState=/ });
  }
});
