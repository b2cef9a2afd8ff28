import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OldSessions, type HeldSession, type LeavingBehind } from './old-sessions.ts';

const session = (port: number): HeldSession => ({ node: 'dev-control-plane', port, socket: `10.0.0.2:30132 10.0.0.9:${port}` });

/** A site that comes back with a new session each time; the cloud holds the old ones for so many rounds. */
function site(heldFor: number): LeavingBehind & { done: string[]; followed: string[] } {
  const sessions = [{ port: 1, lostIn: Infinity }];
  let round = 0;
  const done: string[] = [];
  const followed: string[] = [];
  return {
    done,
    followed,
    held: async () => sessions.filter(({ lostIn }) => round - lostIn < heldFor).map(({ port }) => session(port)),
    strike: async () => {
      round += 1;
      sessions.at(-1)!.lostIn = round;
      sessions.push({ port: round + 1, lostIn: Infinity });
      done.push(`strike ${round}`);
    },
    works: async (time) => void done.push(`works ${time}`),
    others: () => followed,
  };
}

test('each time leaves what was there before; what came since is no old session', async () => {
  const [old, east] = [new OldSessions(), site(Infinity)];
  await old.leaveBehind(2, east);
  assert.deepEqual(east.done, ['strike 1', 'works 1', 'strike 2', 'works 2']);
  assert.equal(old.count, 2);
  assert.equal(old.roundsBeside, 2);
  assert.deepEqual(old.remains(await east.held(), ['the followed log of a']), ['the session from port 1 at dev-control-plane', 'the session from port 2 at dev-control-plane', 'the followed log of a']);
  assert.deepEqual(old.remains([session(3)], []), []);
});

test('rounds in which nothing of the old sessions was left do not count, and a log that is still followed is something of them', async () => {
  const old = new OldSessions();
  const east = site(0);
  await old.leaveBehind(2, east);
  assert.equal(old.roundsBeside, 0);
  east.followed.push('the followed log of a');
  await old.leaveBehind(1, east);
  assert.equal(old.roundsBeside, 1);
});

test('without a session there is none to leave behind', async () => {
  const east = { ...site(0), held: async () => [] };
  await assert.rejects(new OldSessions().leaveBehind(1, east), { name: 'CannotTellError', code: 'NO_GHOST' });
  assert.deepEqual(east.done, []);
});

test('what does not work again ends it', async () => {
  const [old, east] = [new OldSessions(), site(Infinity)];
  await assert.rejects(old.leaveBehind(3, { ...east, works: async () => { throw new Error('unreachable'); } }), /unreachable/);
  assert.deepEqual(east.done, ['strike 1']);
});
