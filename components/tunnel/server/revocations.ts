import { readFileSync } from 'node:fs';
import { X509Crl } from '../../../core/x509.ts';

/** Serial numbers of a certificate revocation list (RFC 5280, 5), read again while it runs. No file: nothing is revoked. */
export class Revocations {
  readonly #path: string | undefined;
  #text = '';
  #serials = new Set<string>();

  constructor(path: string | undefined) {
    this.#path = path;
    this.refresh();
  }

  /** @param serialNumber hex, in any case and with or without leading zeros */
  has(serialNumber: string): boolean {
    return this.#serials.has(plain(serialNumber));
  }

  /** @returns whether the list has changed. One that cannot be read leaves what there was: a damaged file revokes nobody's revocation. */
  refresh(): boolean {
    if (this.#path === undefined) return false;
    try {
      const text = readFileSync(this.#path, 'utf8');
      if (text === this.#text) return false;
      this.#serials = new Set(new X509Crl(text).entries.map(({ serialNumber }) => plain(serialNumber)));
      this.#text = text;
      return true;
    } catch {
      return false;
    }
  }
}

const plain = (serialNumber: string): string => serialNumber.toLowerCase().replace(/^0+/, '');
