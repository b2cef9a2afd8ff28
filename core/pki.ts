import * as x509 from './x509.ts';
import { createPrivateKey, randomBytes, X509Certificate, type webcrypto } from 'node:crypto';
import { EdgeproofError } from './errors.ts';

/** PEM texts: the certificate, and its private key as PKCS#8. */
export interface KeyPair {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface IssuedCertificate extends KeyPair {
  /** Upper-case hexadecimal, as Node and OpenSSL print it. */
  readonly serialNumber: string;
}

export interface Validity {
  /** From now on. Default: 365. Not read when `notAfter` is given. */
  readonly days?: number;
  /** Default: five minutes ago, for the sake of other machines' clocks. */
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

export interface CertificateRequest extends Validity {
  /** Kubernetes' user name, when the certificate is a client's. */
  readonly commonName: string;
  /** Kubernetes' groups. */
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  /** What it may be used for, of TLS's two ends. Default: neither, which no TLS end accepts. */
  readonly server?: boolean;
  readonly client?: boolean;
}

/** A certificate authority that lives in memory. */
export interface Authority extends KeyPair {
  issue(request: CertificateRequest): Promise<IssuedCertificate>;
  /** @returns the authority's list of revoked certificates, PEM, good for a week unless told otherwise */
  createCrl(revokedSerials: readonly string[], validity?: Validity): Promise<string>;
}

type Extensions = x509.Extension[];

const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const dayMs = 24 * 3600 * 1000;
const clockSkewMs = 5 * 60 * 1000;

/** A self-signed authority with a new ECDSA P-256 key. */
export async function createAuthority(options: { readonly commonName: string } & Validity): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(curve, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: distinguishedName(options.commonName),
    keys,
    serialNumber: newSerial(),
    ...validityOf(options),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return authorityOf(certificate, keys.privateKey, { certPem: pem(certificate.toString('pem')), keyPem: await privatePem(keys.privateKey) });
}

/**
 * An authority from its PEMs: one of ours, or a cluster's.
 *
 * @param pair the key may be PKCS#8, PKCS#1 or SEC1; EC or RSA
 * @throws EdgeproofError PKI_NOT_AN_AUTHORITY, PKI_KEY_MISMATCH
 */
export async function loadAuthority(pair: KeyPair): Promise<Authority> {
  const key = createPrivateKey(pair.keyPem);
  const parsed = new X509Certificate(pair.certPem);
  if (!parsed.ca) throw new EdgeproofError('PKI_NOT_AN_AUTHORITY', `the certificate of "${parsed.subject}" is no authority's`, { next: 'Give the certificate that signs others.' });
  if (!parsed.checkPrivateKey(key)) throw new EdgeproofError('PKI_KEY_MISMATCH', `the key is not that of the certificate of "${parsed.subject}"`, { next: 'Give the pair that belongs together.' });
  const certificate = new x509.X509Certificate(parsed.raw);
  // `toCryptoKey` takes all that createPrivateKey reads; webcrypto itself takes PKCS#8 only.
  const algorithm = key.asymmetricKeyType === 'rsa' ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } : { name: 'ECDSA', namedCurve: webCurve(key.asymmetricKeyDetails?.namedCurve) };
  const signingKey = key.toCryptoKey(algorithm, true, ['sign']);
  return authorityOf(certificate, signingKey, { certPem: pair.certPem, keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString() });
}

function authorityOf(certificate: x509.X509Certificate, signingKey: webcrypto.CryptoKey, pair: KeyPair): Authority {
  const signingAlgorithm = { ...signingKey.algorithm, hash: 'SHA-256' };
  // By the certificate's own key id: another maker (Go) computes it in another way than this library.
  const keyId = certificate.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
  const authorityKeyId = async (): Promise<x509.Extension> =>
    keyId === undefined ? x509.AuthorityKeyIdentifierExtension.create(certificate.publicKey) : new x509.AuthorityKeyIdentifierExtension(keyId);

  return {
    ...pair,
    async issue(request) {
      const keys = await crypto.subtle.generateKey(curve, true, ['sign', 'verify']);
      const serialNumber = newSerial();
      const issued = await x509.X509CertificateGenerator.create({
        subject: distinguishedName(request.commonName, request.organizations),
        issuer: certificate.subjectName,
        publicKey: keys.publicKey,
        signingKey,
        signingAlgorithm,
        serialNumber,
        ...validityOf(request),
        extensions: [...(await leafExtensions(request, keys.publicKey)), await authorityKeyId()],
      });
      return { certPem: pem(issued.toString('pem')), keyPem: await privatePem(keys.privateKey), serialNumber: serialNumber.toUpperCase() };
    },
    async createCrl(revokedSerials, validity = {}) {
      const { notBefore, notAfter } = validityOf({ days: 7, ...validity });
      const list = await x509.X509CrlGenerator.create({
        issuer: certificate.subjectName,
        thisUpdate: notBefore,
        nextUpdate: notAfter,
        signingAlgorithm,
        signingKey,
        entries: revokedSerials.map((serialNumber) => ({ serialNumber, revocationDate: notBefore })),
        extensions: [await authorityKeyId(), crlNumber()],
      });
      // The library's own label is CRL, which OpenSSL does not read (RFC 7468, 6).
      return pem(x509.PemConverter.encode(list.rawData, 'X509 CRL'));
    },
  };
}

async function leafExtensions(request: CertificateRequest, publicKey: webcrypto.CryptoKey): Promise<Extensions> {
  const uses = [...(request.server === true ? [x509.ExtendedKeyUsage.serverAuth] : []), ...(request.client === true ? [x509.ExtendedKeyUsage.clientAuth] : [])];
  const names: x509.JsonGeneralNames = [
    ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(request.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    ...(uses.length > 0 ? [new x509.ExtendedKeyUsageExtension(uses)] : []),
    ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ];
}

/** Each organization is an attribute of its own: that is how Kubernetes reads groups. */
function distinguishedName(commonName: string, organizations: readonly string[] = []): x509.JsonName {
  return [...organizations.map((name) => ({ O: [name] })), { CN: [commonName] }];
}

function validityOf({ days = 365, notBefore = new Date(Date.now() - clockSkewMs), notAfter = new Date(Date.now() + days * dayMs) }: Validity): { notBefore: Date; notAfter: Date } {
  if (notAfter <= notBefore) throw new RangeError(`a certificate that ends (${notAfter.toISOString()}) before it begins (${notBefore.toISOString()})`);
  return { notBefore, notAfter };
}

/** 16 random bytes; the first is made neither negative nor zero, so that each encodes to just these (RFC 5280, 4.1.2.2). */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** A number that grows from list to list (RFC 5280, 5.2.3): the time in milliseconds, as a DER integer of 8 bytes. */
function crlNumber(): x509.Extension {
  const integer = Buffer.from([0x02, 6, 0, 0, 0, 0, 0, 0]);
  integer.writeUIntBE(Date.now(), 2, 6);
  return new x509.Extension('2.5.29.20', false, integer);
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  return pem(x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), x509.PemConverter.PrivateKeyTag));
}

/** Ends with a line's end, so that PEMs can be put behind one another to make a bundle. */
const pem = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);

function webCurve(name: string | undefined): string {
  const known: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };
  return known[name ?? ''] ?? 'P-256';
}
