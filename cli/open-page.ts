import { pathToFileURL } from 'node:url';
import { exec } from '../core/exec.ts';
import { CannotTellError } from '../core/errors.ts';

/**
 * Opens a file in the browser of the user's desktop (xdg-open, of xdg-utils).
 *
 * @throws CannotTellError `NO_BROWSER` where there is no desktop
 */
export async function openPage(path: string, signal: AbortSignal): Promise<void> {
  try {
    await exec(['xdg-open', pathToFileURL(path).href], { timeoutMs: 20_000, signal });
  } catch (cause) {
    throw new CannotTellError('NO_BROWSER', 'no browser could be opened from here', { cause, next: `open ${path} yourself: it is one file, and needs no network` });
  }
}
