import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { CannotTellError } from '../core/errors.ts';
import { parentVariable } from '../core/process.ts';

/** xdg-open fails at once or not at all. Milliseconds. */
const usualMs = 5000;

/**
 * Opens a file in the browser of the user's desktop (xdg-open, of xdg-utils). That may be the browser itself until its last window is closed: it is the
 * user's, so it bears no sign of ours, and is not waited for.
 *
 * @param options.path where programs are. Default: this process's own
 * @throws CannotTellError `NO_BROWSER` where there is no desktop; the signal's reason
 */
export async function openPage(path: string, signal: AbortSignal, { path: programs = process.env['PATH'], waitMs = usualMs }: { readonly path?: string | undefined; readonly waitMs?: number } = {}): Promise<void> {
  signal.throwIfAborted();
  const browser = spawn('xdg-open', [pathToFileURL(path).href], { detached: true, stdio: 'ignore', env: { ...process.env, PATH: programs, [parentVariable]: undefined } });
  browser.unref();
  const wait = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
  try {
    const [code] = (await once(browser, 'exit', { signal: wait })) as [number | null];
    if (code !== 0) throw new Error(`xdg-open: exit ${code ?? 'by a signal'}`);
  } catch (cause) {
    signal.throwIfAborted();
    if (wait.aborted) return;
    throw new CannotTellError('NO_BROWSER', 'no browser could be opened from here', { cause, next: `open ${path} yourself: it is one file, and needs no network` });
  }
}
