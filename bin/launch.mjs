import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureNode } from './ensure-node.mjs';
import { ensurePackages } from './ensure-packages.mjs';
import { SetupError } from './setup-error.mjs';

const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGWINCH', 'SIGUSR2'];
/** `npm run` passes on to us a Ctrl-C that the terminal has sent us already: two within this time are one. */
const sameSignalMs = 300;

/**
 * Sets up what is missing, then becomes, as far as a process can, the program: `script` (a path in the
 * repository) on edgeproof's own Node. Ends this process with its exit code, or by its signal.
 *
 * @param {string} script
 * @param {string[]} args
 */
export async function main(script, args) {
  let node;
  try {
    await ensurePackages(root);
    node = await ensureNode(root);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`edgeproof: ${error.message}\n`);
    process.exitCode = 2;
    return;
  }
  run(node, [join(root, script), ...args]);
}

/** @param {string} node @param {string[]} argv */
function run(node, argv) {
  // A session of its own: of a terminal's Ctrl-C, which goes to a whole process group, the program gets exactly
  // what is passed on here. The fourth descriptor closes when this process dies, however it dies: then the
  // program winds up as if it had been told to.
  const child = spawn(node, argv, {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    detached: true,
    env: { ...process.env, EDGEPROOF_LAUNCHER_FD: '3' },
  });
  child.stdio[3].on('error', () => {});
  /** @type {Map<string, number>} */
  const last = new Map();
  for (const signal of forwarded) {
    process.on(signal, () => {
      const now = performance.now();
      const again = now - (last.get(signal) ?? -Infinity) < sameSignalMs;
      last.set(signal, now);
      if (!again || signal === 'SIGWINCH') child.kill(signal);
    });
  }
  // Ctrl-Z: both stop, both go on.
  process.on('SIGTSTP', () => {
    child.kill('SIGSTOP');
    process.kill(process.pid, 'SIGSTOP');
  });
  process.on('SIGCONT', () => child.kill('SIGCONT'));
  child.on('error', (error) => {
    process.stderr.write(`edgeproof: ${node} could not be started: ${error.message}\n`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 255);
    // Die as the program died, so that a shell sees the same.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 100);
  });
}
