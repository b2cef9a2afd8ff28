import { readFileSync } from 'node:fs';
import { X509Crl } from '../../../core/x509.ts';

/**
 * Serial numbers of certificate revocation lists (RFC 5280, 5), one or more in a PEM file, read again while it runs. No
 * file: nothing is revoked.
 */
export class Revocations {
  readonly #path: string | undefined;
  readonly #failed: (reason: string) => void;
  #text = '';
  #serials = new Set<string>();
  #problem = '';

  /** @param failed told, once for each reason, why a file that is there is not used */
  constructor(path: string | undefined, failed: (reason: string) => void = () => {}) {
    this.#path = path;
    this.#failed = failed;
    this.refresh();
  }

  /** @param serialNumber hex, in any case and with or without leading zeros */
  has(serialNumber: string): boolean {
    return this.#serials.size > 0 && this.#serials.has(plain(serialNumber));
  }

  /** One that is gone, or cannot be read, leaves what there was: a damaged file takes back no revocation. An empty list does. */
  refresh(): void {
    if (this.#path === undefined) return;
    try {
      const text = readFileSync(this.#path, 'utf8');
      if (text === this.#text) return;
      this.#serials = serialsOf(text);
      this.#text = text;
      this.#problem = '';
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      const problem = (error as Error).message;
      if (problem !== this.#problem) this.#failed(problem);
      this.#problem = problem;
    }
  }
}

function serialsOf(text: string): Set<string> {
  const lists = text.match(/-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g) ?? [];
  if (lists.length < Math.max(1, (text.match(/-----BEGIN/g) ?? []).length)) throw new Error('it must hold whole PEM certificate revocation lists, one at least');
  return new Set(lists.flatMap((list) => new X509Crl(list).entries.map(({ serialNumber }) => plain(serialNumber))));
}

const plain = (serialNumber: string): string => serialNumber.toLowerCase().replace(/^0+/, '');
