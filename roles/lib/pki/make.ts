import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  webcrypto,
  X509Certificate,
} from 'node:crypto'
import { canonicalAddress } from '../cluster/address.ts'
import { clientAuth, serverAuth, subjectOf } from './certificate.ts'
import type { Lifetime, Pair, Wish } from './wish.ts'

type X509 = typeof import('@peculiar/x509')

// The library costs 200 ms to load, and most runs make nothing.
async function library(): Promise<X509> {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(webcrypto as never)
  return x509
}

/** A new P-256 key, PKCS #8 PEM: the form that Go, openssl and every daemon here reads. */
export const newKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

export const publicKeyOf = (key: string): string =>
  createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'pem' }).toString()

/** A new authority: its own key, signed by itself. */
export async function makeAuthority(commonName: string, lifetime: Lifetime, now: Date): Promise<Pair> {
  const x509 = await library()
  const key = newKey()
  const keys = await pairOf(createPrivateKey(key))
  const { Flags, name } = words(x509)
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: name({ commonName }),
    ...validity(lifetime.caDays, now),
    keys: keys as never,
    signingAlgorithm: keys.algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(Flags.keyCertSign | Flags.cRLSign | Flags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as never),
    ],
  })
  return { certificate: pem(certificate), key }
}

/** A certificate with a key of its own, signed by the authority, whose key may be RSA (kubeadm's are) or elliptic. */
export async function makeCertificate(wish: Wish, authority: Pair, lifetime: Lifetime, now: Date): Promise<Pair> {
  const key = newKey()
  return { certificate: await certify(wish, createPublicKey(createPrivateKey(key)), authority, lifetime, now), key }
}

/** A new certificate for the key and the subject of an old one: the key itself is not needed. */
export const renewCertificate = (
  wish: Wish,
  old: string,
  authority: Pair,
  lifetime: Lifetime,
  now: Date,
): Promise<string> => {
  const { publicKey, subject } = new X509Certificate(old)
  return certify({ ...wish, subject: subjectOf(subject) }, publicKey, authority, lifetime, now)
}

async function certify(
  wish: Wish,
  publicKey: KeyObject,
  authority: Pair,
  lifetime: Lifetime,
  now: Date,
): Promise<string> {
  const x509 = await library()
  const issuer = new x509.X509Certificate(authority.certificate)
  const signer = await pairOf(createPrivateKey(authority.key))
  const { Flags, name } = words(x509)
  const { notBefore, notAfter } = validity(lifetime.certificateDays, now)
  const alternatives = [
    ...wish.names.map(value => ({ type: 'dns' as const, value })),
    ...wish.addresses.map(value => ({ type: 'ip' as const, value: canonicalAddress(value) })),
  ]
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: name(wish.subject),
    issuer: issuer.subjectName,
    notBefore,
    // A certificate that outlives its authority only looks valid.
    notAfter: new Date(Math.min(notAfter.getTime(), issuer.notAfter.getTime())),
    publicKey: (await imported(publicKey, 'verify')) as never,
    signingKey: signer.privateKey as never,
    signingAlgorithm: signer.algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(Flags.digitalSignature | Flags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension(wish.usages.map(usage => (usage === 'server' ? serverAuth : clientAuth))),
      await x509.AuthorityKeyIdentifierExtension.create(issuer, false),
      ...(alternatives.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternatives)] : []),
    ],
  })
  return pem(certificate)
}

const words = (x509: X509) => ({
  Flags: x509.KeyUsageFlags,
  name: ({ commonName, organization }: Wish['subject']) =>
    new x509.Name([...(organization === undefined ? [] : [{ O: [organization] }]), { CN: [commonName] }]),
})

const pem = (certificate: { toString(format: 'pem'): string }): string => `${certificate.toString('pem').trim()}\n`

// Positive and 20 octets at most (RFC 5280, 4.1.2.2).
function serial(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}

// Five minutes back, for hosts whose clock is behind.
const validity = (days: number, now: Date): { readonly notBefore: Date; readonly notAfter: Date } => ({
  notBefore: new Date(now.getTime() - 5 * 60_000),
  notAfter: new Date(now.getTime() + days * 86_400_000),
})

interface CryptoPair {
  readonly privateKey: webcrypto.CryptoKey
  readonly publicKey: webcrypto.CryptoKey
  readonly algorithm: webcrypto.EcdsaParams & webcrypto.Algorithm
}

async function pairOf(key: KeyObject): Promise<CryptoPair> {
  return {
    privateKey: await imported(key, 'sign'),
    publicKey: await imported(createPublicKey(key), 'verify'),
    algorithm: algorithmOf(key),
  }
}

function imported(key: KeyObject, usage: 'sign' | 'verify'): Promise<webcrypto.CryptoKey> {
  const how = { ...algorithmOf(key), ...(key.asymmetricKeyType === 'ec' ? { namedCurve: curveOf(key) } : {}) }
  const format = usage === 'sign' ? ('pkcs8' as const) : ('spki' as const)
  return webcrypto.subtle.importKey(format, key.export({ type: format, format: 'der' } as never) as Buffer, how, true, [
    usage,
  ])
}

function algorithmOf(key: KeyObject): CryptoPair['algorithm'] {
  if (key.asymmetricKeyType === 'ec') return { name: 'ECDSA', hash: 'SHA-256' }
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  throw new Error(`a key of type ${key.asymmetricKeyType} can't sign certificates here: RSA and elliptic keys can`)
}

const curves: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }

function curveOf(key: KeyObject): string {
  const name = key.asymmetricKeyDetails?.namedCurve ?? ''
  const curve = curves[name]
  if (curve === undefined) throw new Error(`a key on the curve ${name} can't sign certificates here`)
  return curve
}
