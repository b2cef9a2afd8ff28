import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from './paths.ts';

/**
 * Which rooms a room may look into; itself is always allowed. The harness drives a black box, so it never imports
 * components; what runs in the cluster never imports the harness.
 */
const walls: Readonly<Record<string, readonly string[]>> = {
  core: [],
  topologies: ['core'],
  images: [],
  harness: ['core', 'topologies', 'images'],
  chaos: ['core', 'harness'],
  components: ['core'],
  implementations: ['core', 'harness', 'images', 'components', 'topologies'],
  features: ['core'],
  steps: ['core', 'harness', 'chaos', 'features', 'reports', 'topologies', 'images', 'implementations'],
  reports: ['core', 'features', 'topologies'],
  bench: ['core', 'components', 'harness'],
  docs: ['core', 'features', 'reports', 'topologies'],
  cli: ['core', 'harness', 'chaos', 'implementations', 'reports', 'features', 'topologies', 'images', 'bench'],
};

const sources = Object.keys(walls).flatMap((room) => {
  let entries: string[] = [];
  try {
    entries = readdirSync(join(repositoryRoot, room), { recursive: true, encoding: 'utf8' });
  } catch {
    // A room that is planned and not built.
  }
  return entries.filter((name) => name.endsWith('.ts')).map((name) => join(room, name));
});

const importsOf = (file: string): string[] => {
  const text = readFileSync(join(repositoryRoot, file), 'utf8');
  return [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g)].map(([, path]) => relative(repositoryRoot, resolve(dirname(join(repositoryRoot, file)), path!)));
};

const roomOf = (file: string): string => file.split('/')[0]!;

test('there are sources to look at', () => assert.ok(sources.length > 50));

test('no room looks through a wall', () => {
  const breaches = sources.flatMap((file) => {
    const allowed = [roomOf(file), ...(walls[roomOf(file)] ?? [])];
    return importsOf(file).filter((target) => !allowed.includes(roomOf(target))).map((target) => `${file} imports ${target}`);
  });
  assert.deepEqual(breaches, []);
});

test('steps know an implementation by its contract alone', () => {
  const breaches = sources.filter((file) => roomOf(file) === 'steps').flatMap((file) => importsOf(file).filter((target) => roomOf(target) === 'implementations' && target !== 'implementations/load.ts').map((target) => `${file} imports ${target}`));
  assert.deepEqual(breaches, []);
});

test('library code writes to no console', () => {
  const talkative = sources.filter((file) => !file.startsWith('docs/') && !file.endsWith('.test.ts') && /\bconsole\.\w+\(/.test(readFileSync(join(repositoryRoot, file), 'utf8')));
  assert.deepEqual(talkative, []);
});
