import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../../core/wait.ts';
import type { Implementation, TunnelTrust } from '../../harness/implementation.ts';
import { turnBack, turnTrust, type Turning } from './trust.ts';

const turning = (implementation: Pick<Implementation, 'setTunnelTrust'>): Turning =>
  ({ session: { cluster: { name: 'dev', implementation: 'mine' } }, signal: AbortSignal.timeout(5000), implementation }) as unknown as Turning;
const state: TunnelTrust = { trusted: ['new'], serving: 'new' };

test('a part that does not take it up breaks a promise, whatever else goes wrong does not', async () => {
  const stuck = async (): Promise<void> => { await waitFor('all agents', async () => ({ missing: 'agent-1' }), { timeoutMs: 20, everyMs: 5 }); };
  await assert.rejects(turnTrust(turning({ setTunnelTrust: stuck }), state), { code: 'ROTATION_STUCK', message: /^\[ROTATION_STUCK\] agents that trust new, servers that show new: .*agent-1/ });
  await assert.rejects(turnTrust(turning({ setTunnelTrust: async () => { throw new Error('the API is away'); } }), state), { message: 'the API is away' });
  await assert.rejects(turnTrust(turning({}), state), { name: 'CannotTellError', code: 'NO_ROTATION' });
});

test('on the way back agents trust both before the new one is taken from them', async () => {
  const seen: TunnelTrust[] = [];
  await turnBack(turning({ setTunnelTrust: async (_context, trust) => void seen.push(trust) }));
  assert.deepEqual(seen, [{ trusted: ['old', 'new'], serving: 'old' }, { trusted: ['old'], serving: 'old' }]);
});
