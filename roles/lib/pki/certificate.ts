import { createPrivateKey, X509Certificate } from 'node:crypto'
import { canonicalAddress } from '../cluster/address.ts'
import type { Pair, Subject, Usage } from './wish.ts'

/** What the decision needs to know of a certificate that exists. */
export interface CertificateState {
  readonly subject: Subject
  readonly names: readonly string[]
  readonly addresses: readonly string[]
  readonly usages: readonly Usage[]
  readonly notBefore: Date
  readonly notAfter: Date
  readonly signedByCa: boolean
  readonly keyFits: boolean
}

/** Reads a pair; throws when it is no PEM certificate. */
export function stateOf(pair: Pair, ca: string): CertificateState {
  const certificate = new X509Certificate(pair.certificate)
  const authority = new X509Certificate(ca)
  const alternatives = alternativesOf(certificate.subjectAltName)
  const purposes = certificate.keyUsage ?? []
  return {
    subject: subjectOf(certificate.subject),
    names: alternatives.filter(entry => entry.kind === 'DNS').map(entry => entry.value.toLowerCase()),
    addresses: alternatives.filter(entry => entry.kind === 'IP Address').map(entry => canonicalAddress(entry.value)),
    usages: [
      ...(purposes.includes(serverAuth) ? ['server' as const] : []),
      ...(purposes.includes(clientAuth) ? ['client' as const] : []),
    ],
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
    signedByCa: certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
    keyFits: keyFits(certificate, pair.key),
  }
}

export const serverAuth = '1.3.6.1.5.5.7.3.1'
export const clientAuth = '1.3.6.1.5.5.7.3.2'

function keyFits(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}

// Node writes `DNS:kubernetes, IP Address:10.0.0.1`, and a subject with one `CN=kubernetes-admin` a line.
const alternativesOf = (text: string | undefined): readonly { readonly kind: string; readonly value: string }[] =>
  (text ?? '')
    .split(', ')
    .filter(Boolean)
    .map(entry => ({ kind: entry.slice(0, entry.indexOf(':')), value: entry.slice(entry.indexOf(':') + 1) }))

export function subjectOf(text: string): Subject {
  const fields = new Map(
    text.split('\n').map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  const organization = fields.get('O')
  return { commonName: fields.get('CN') ?? '', ...(organization === undefined ? {} : { organization }) }
}
