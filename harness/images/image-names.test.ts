import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { exec } from '../../core/exec.ts';
import { repositoryRoot } from '../../core/paths.ts';

test('images have the same names wherever edgeproof keeps its things: what was exported elsewhere is found', async () => {
  const script = `import { builtImages, pulledNodeImage } from ${JSON.stringify(join(repositoryRoot, 'harness/images/image-names.ts'))}; console.log(JSON.stringify([await builtImages(), await pulledNodeImage()]));`;
  const names = async (home: string): Promise<string> => (await exec([process.execPath, '--input-type=module', '-e', script], { env: { EDGEPROOF_HOME: home } })).stdout;
  assert.equal(await names('/home/one/.cache/edgeproof'), await names('/root/elsewhere'));
});
