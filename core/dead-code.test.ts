import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from './paths.ts';

const rooms = '{bench,bin,chaos,cli,components,core,docs,features,harness,images,implementations,reports,steps,topologies}';
const files = [...globSync(`${rooms}/**/*.{ts,mjs}`, { cwd: repositoryRoot, exclude: (name) => name.endsWith('node_modules') }), 'cucumber.js'];
const sources = new Map(files.map((file) => [file, readFileSync(join(repositoryRoot, file), 'utf8')]));

/** At the beginning of a line: what is in a text that is written elsewhere is none. */
const withNames = /^(?:import|export)\s+([^;']*?)\s*from\s*'([^']+)'/gm;
const forItsEffect = /^import\s*'([^']+)'/gm;
/** What is taken from these is not looked into. */
const whenNeeded = /\bimport\('([^']+)'\)/g;

/** The compiler and its types. */
const neededOtherwise = ['typescript', '@types/node'];

interface Import {
  readonly from: string;
  /** Undefined: all that there is. */
  readonly names: readonly string[] | undefined;
}

function importsOf(text: string): Import[] {
  const named = [...text.matchAll(withNames)].map(([, what, from]): Import => {
    const list = /\{([^}]*)\}/.exec(what!)?.[1] ?? '';
    const names = list.split(',').map((name) => name.trim().replace(/^type\s+/, '').split(/\s+as\s+/)[0]!).filter((name) => name !== '');
    return { from: from!, names: what!.includes('*') ? undefined : names };
  });
  const others = (pattern: RegExp, names: Import['names']): Import[] => [...text.matchAll(pattern)].map(([, from]) => ({ from: from!, names }));
  return [...named, ...others(forItsEffect, []), ...others(whenNeeded, undefined)];
}

test('there are files to look at, and what they import is read', () => {
  assert.ok(sources.size > 400, `${sources.size}`);
  assert.deepEqual(importsOf("import { a, type B } from './x.ts';\nexport { c as d } from './y.ts';\nimport './z.ts';\nconst { e } = await import('./w.ts');\n").map(({ from, names }) => [from, names]),
    [['./x.ts', ['a', 'B']], ['./y.ts', ['c']], ['./z.ts', []], ['./w.ts', undefined]]);
});

test('every value that a file exports is used by another one', () => {
  const used = new Map<string, Set<string> | undefined>();
  for (const [file, text] of sources) {
    for (const { from, names } of importsOf(text)) {
      if (!from.startsWith('.')) continue;
      const target = relative(repositoryRoot, resolve(dirname(join(repositoryRoot, file)), from));
      if (names === undefined) used.set(target, undefined);
      else if (!(used.has(target) && used.get(target) === undefined)) used.set(target, new Set([...(used.get(target) ?? []), ...names]));
    }
  }
  const unused = [...sources].flatMap(([file, text]) => {
    if (used.has(file) && used.get(file) === undefined) return [];
    const exported = [...text.matchAll(/^export (?:async )?(?:const|function\*?|class|let) (\w+)/gm)].map(([, name]) => name!);
    return exported.filter((name) => used.get(file)?.has(name) !== true).map((name) => `${file}: ${name}`);
  });
  // An implementation is loaded by its folder's name, a profile of Cucumber by its own.
  const reached = (one: string): boolean => one === 'cucumber.js: demo' || /^implementations\/\w+\/implementation\.ts: implementation$/.test(one);
  assert.deepEqual(unused.filter((one) => !reached(one)), []);
});

test('every package that is imported is a dependency, and every dependency is needed', () => {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as { dependencies?: Record<string, string>; devDependencies?: Record<string, string> };
  const packageOf = (from: string): string => from.split('/').slice(0, from.startsWith('@') ? 2 : 1).join('/');
  const imported = new Set([...sources.values()].flatMap((text) => importsOf(text).map(({ from }) => from)).filter((from) => !from.startsWith('.') && !from.startsWith('node:') && !builtinModules.includes(from)).map(packageOf));
  assert.deepEqual([...imported].filter((name) => dependencies[name] === undefined && devDependencies[name] === undefined), []);
  assert.deepEqual(Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !imported.has(name) && !neededOtherwise.includes(name)), []);
});
