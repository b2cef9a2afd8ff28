import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { KeyPair } from '../../../core/pki.ts';
import type { ServingPair } from './serving-files.ts';

export interface NodeAuthorityOptions {
  /** Made when it is missing, for root alone (0700). */
  readonly folder: string;
  readonly nodeName: string;
  /** DNS names and IP addresses that clients call the hub by. */
  readonly names: readonly string[];
  /** Default: the system's. */
  readonly now?: () => Date;
  /** Told of files that are of no use and are replaced. */
  readonly troubled?: (reason: string) => void;
}

/** One authority, with the time in which it is good. */
interface Held extends KeyPair {
  readonly from: number;
  readonly until: number;
}

const dayMs = 24 * 3600 * 1000;
const authorityMs = 3650 * dayMs;
/** What is left of the newest authority's life when the next one is made. */
const replaceAuthorityMs = 730 * dayMs;
/** How long an authority is shown to clients before it signs: a Pod that is not restarted reads it late. */
const overlapMs = 30 * dayMs;
const servingMs = 365 * dayMs;
const renewServingMs = 120 * dayMs;
const authorityFile = /^authority-\d+\.pem$/;

/**
 * An authority of this node alone, and the serving certificate that it signs. Files: `authority-N.pem` and `serving.pem` (certificate
 * and key in one, so that they are replaced in one step), and `trusted.crt`, what clients trust: also the authority that
 * comes next, and the one before.
 */
export class NodeAuthority implements ServingPair {
  readonly #options: NodeAuthorityOptions;
  #held: Held[] = [];
  #serving = { cert: '', key: '' };

  private constructor(options: NodeAuthorityOptions) {
    this.#options = options;
  }

  /** @throws the system's error when the folder cannot be had */
  static async open(options: NodeAuthorityOptions): Promise<NodeAuthority> {
    const authority = new NodeAuthority(options);
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    await chmod(options.folder, 0o700);
    await authority.#load();
    await authority.refresh();
    return authority;
  }

  get content(): { readonly cert: string; readonly key: string } {
    return this.#serving;
  }

  /** PEM: who clients of this node trust, the newest last. */
  get trusted(): string {
    const now = this.#now();
    return this.#held.filter(({ until }) => until > now).map(({ certPem }) => certPem).join('');
  }

  /** Makes anew what is missing or will be over soon. @returns whether anything is different */
  async refresh(): Promise<boolean> {
    const before = this.trusted + this.#serving.cert;
    const now = this.#now();
    const newest = this.#usable().at(-1);
    if (newest === undefined || newest.until - now < replaceAuthorityMs) await this.#makeAuthority();
    if (!this.#isServingGood()) await this.#makeServing();
    if (this.trusted + this.#serving.cert === before) return false;
    await this.#write('trusted.crt', this.trusted, 0o644);
    return true;
  }

  #now(): number {
    return (this.#options.now?.() ?? new Date()).getTime();
  }

  async #load(): Promise<void> {
    const { folder } = this.#options;
    const names = await readdir(folder);
    for (const name of names) if (name.endsWith('.new')) await rm(join(folder, name));
    for (const name of names.filter((one) => authorityFile.test(one))) {
      await this.#orTell(name, (pem) => void this.#held.push(heldOf(pairIn(pem))));
    }
    this.#held.sort((one, other) => one.from - other.from);
    if (names.includes('serving.pem')) {
      await this.#orTell('serving.pem', (pem) => {
        const { certPem, keyPem } = pairIn(pem);
        this.#serving = { cert: certPem, key: keyPem };
      });
    }
  }

  /** A damaged file must not keep a node without its hub. */
  async #orTell(name: string, use: (pem: string) => void): Promise<void> {
    try {
      use(await readFile(join(this.#options.folder, name), 'utf8'));
    } catch (error) {
      this.#options.troubled?.(`${name} is of no use and will be made anew: ${String(error)}`);
    }
  }

  /** Those that are good now. The others are kept: a device without a clock of its own may be in any year when it starts, and in another soon after. */
  #usable(): Held[] {
    const now = this.#now();
    return this.#held.filter(({ from, until }) => from <= now && until > now);
  }

  /** The newest one that clients have had the time to hear of. */
  #signer(): Held {
    const now = this.#now();
    const usable = this.#usable();
    return usable.findLast(({ from }) => now - from >= overlapMs) ?? usable[0]!;
  }

  #isServingGood(): boolean {
    if (this.#serving.cert === '') return false;
    const certificate = new X509Certificate(this.#serving.cert);
    const covered = this.#options.names.every((name) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined);
    const signer = new X509Certificate(this.#signer().certPem);
    return covered && certificate.validFromDate.getTime() <= this.#now() && certificate.validToDate.getTime() - this.#now() > renewServingMs && certificate.checkIssued(signer) && certificate.verify(signer.publicKey);
  }

  async #makeAuthority(): Promise<void> {
    const now = this.#now();
    const { createAuthority } = await import('../../../core/pki.ts');
    const authority = await createAuthority({ commonName: `edge-hub of ${this.#options.nodeName}`, notBefore: new Date(now), notAfter: new Date(now + authorityMs) });
    const numbers = (await readdir(this.#options.folder)).map((name) => Number(/^authority-(\d+)\.pem$/.exec(name)?.[1] ?? 0));
    await this.#write(`authority-${Math.max(0, ...numbers) + 1}.pem`, authority.certPem + authority.keyPem, 0o600);
    this.#held.push(heldOf(authority));
    this.#held.sort((one, other) => one.from - other.from);
  }

  async #makeServing(): Promise<void> {
    const now = this.#now();
    const { names } = this.#options;
    const signer = this.#signer();
    // 9 MB, and needed once a year.
    const { loadAuthority } = await import('../../../core/pki.ts');
    const authority = await loadAuthority(signer);
    const { certPem, keyPem } = await authority.issue({
      commonName: 'edge-hub',
      dnsNames: names.filter((name) => isIP(name) === 0),
      ipAddresses: names.filter((name) => isIP(name) !== 0),
      server: true,
      notBefore: new Date(now),
      notAfter: new Date(Math.min(now + servingMs, signer.until)),
    });
    await this.#write('serving.pem', certPem + keyPem, 0o600);
    this.#serving = { cert: certPem, key: keyPem };
  }

  /** In one step, and for good: after a power cut there is the old file or the new one. */
  async #write(name: string, text: string, mode: number): Promise<void> {
    const { folder } = this.#options;
    const path = join(folder, name);
    {
      await using file = await open(`${path}.new`, 'w', mode);
      await file.chmod(mode);
      await file.writeFile(text);
      await file.sync();
    }
    await rename(`${path}.new`, path);
    await using entry = await open(folder, 'r');
    await entry.sync();
  }
}

function heldOf({ certPem, keyPem }: KeyPair): Held {
  const { validFromDate, validToDate } = new X509Certificate(certPem);
  return { certPem, keyPem, from: validFromDate.getTime(), until: validToDate.getTime() };
}

/** @throws Error when they are not a whole certificate and its key */
function pairIn(pem: string): KeyPair {
  const certPem = `${/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(pem)?.[0] ?? ''}\n`;
  const keyPem = `${/-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/.exec(pem)?.[0] ?? ''}\n`;
  if (!new X509Certificate(certPem).checkPrivateKey(createPrivateKey(keyPem))) throw new Error('the key is not that of the certificate');
  return { certPem, keyPem };
}
