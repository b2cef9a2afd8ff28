import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { BundledPlugin } from './testing/bundled.ts';
import { launcher } from './launcher.ts';

/** The files of an image with Node, as the harness lays them out: the program, and what ldd(1) names. */
function layOut(root: string): void {
  const place = (from: string, to: string): void => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    try {
      linkSync(realpathSync(from), join(root, to));
    } catch {
      copyFileSync(from, join(root, to));
    }
  };
  place(process.execPath, 'usr/local/bin/node');
  for (const [path] of spawnSync('ldd', [process.execPath], { encoding: 'utf8' }).stdout.matchAll(/\/[^ ]*/g)) place(path, path);
}

test('a node starts it by its name, with a Node and libraries of its own', () => {
  using bundled = new BundledPlugin();
  const root = mkdtempSync(join(tmpdir(), 'edge-ipam-root-'));
  try {
    layOut(root);
    mkdirSync(join(root, 'app'));
    copyFileSync(bundled.path, join(root, 'app', basename(bundled.path)));
    const plugin = join(root, 'edge-ipam');
    writeFileSync(plugin, launcher({ root, program: `/app/${basename(bundled.path)}`, socket: '/none' }));
    chmodSync(plugin, 0o755);
    const { status, stdout, stderr } = spawnSync(plugin, { env: { PATH: '/usr/bin:/bin', CNI_COMMAND: 'VERSION' }, input: '{"cniVersion":"1.1.0"}', encoding: 'utf8' });
    assert.deepEqual([status, stderr, (JSON.parse(stdout) as { cniVersion: string }).cniVersion], [0, '', '1.1.0']);
  } finally {
    rmSync(root, { recursive: true });
  }
});
