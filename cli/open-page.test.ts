import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isAlive, parentVariable } from '../core/process.ts';
import { waitFor } from '../core/wait.ts';
import { openPage } from './open-page.ts';

const { signal } = new AbortController();

/** @param script in the place of xdg-open, which knows a folder as $folder */
async function withXdgOpen(script: string, work: (folder: string) => Promise<void>): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-open-'));
  await writeFile(join(folder.path, 'xdg-open'), `#!/bin/sh\nfolder=${folder.path}\n${script}`, { mode: 0o755 });
  await work(folder.path);
}

test('a browser that stays is the user\'s: nobody ends it, now or with what edgeproof has left', async () => {
  await withXdgOpen(`env > $folder/env; echo $$ > $folder/pid; exec sleep 60`, async (folder) => {
    await openPage('/a page.html', signal, { path: `${folder}:${process.env['PATH']}`, waitMs: 300 });
    const pid = Number(await waitFor('the browser', async () => ({ done: await readFile(join(folder, 'pid'), 'utf8') }), { timeoutMs: 5000 }));
    try {
      assert.equal(isAlive(pid), true);
      assert.doesNotMatch(await readFile(join(folder, 'env'), 'utf8'), new RegExp(parentVariable));
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });
});

test('where there is no desktop the page is named', async () => {
  await withXdgOpen('exit 3', async (folder) => await assert.rejects(openPage('/a page.html', signal, { path: `${folder}:/usr/bin:/bin` }), { code: 'NO_BROWSER', next: /open \/a page\.html yourself/ }));
  await assert.rejects(openPage('/a.html', signal, { path: '/nowhere' }), { code: 'NO_BROWSER' });
});
