import { canonicalAddress } from '../cluster/address.ts'
import { type CertificateState, stateOf } from './certificate.ts'
import type { Wish } from './wish.ts'

/**
 * Why a certificate has to be made anew, or `undefined`. A name too many is no reason: the certificate of a master that
 * stays keeps the name of one that has left until its next renewal, so that nothing restarts for it.
 */
export function reasonToRenew(wish: Wish, state: CertificateState | undefined, now: Date): string | undefined {
  if (state === undefined) return 'does not exist'
  if (!state.keyFits) return 'the key does not belong to it'
  if (!state.signedByCa) return `not signed by ${wish.ca}`
  if (state.subject.commonName !== wish.subject.commonName || state.subject.organization !== wish.subject.organization)
    return 'the subject differs'
  const needed = wish.needed ?? wish
  const missing = [
    ...needed.names.filter(name => !state.names.includes(name.toLowerCase())),
    ...needed.addresses.filter(address => !state.addresses.includes(canonicalAddress(address))),
  ]
  if (missing.length > 0) return `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`
  const usage = wish.usages.find(wanted => !state.usages.includes(wanted))
  if (usage !== undefined) return `not for use as a ${usage}`
  if (expiresSoon(state, now)) return `expires ${state.notAfter.toISOString().slice(0, 10)}`
  return undefined
}

/**
 * The same of a certificate whose key is kept elsewhere, whoever it names as its subject. Throws when it is no PEM
 * certificate.
 */
export function reasonToRenewCertificate(
  wish: Wish,
  certificate: string,
  authority: string,
  now: Date,
): string | undefined {
  const state = stateOf({ certificate, key: '' }, authority)
  return reasonToRenew({ ...wish, subject: state.subject }, { ...state, keyFits: true }, now)
}

/** Two thirds of its life are over: there is a third left in which some run will renew it. */
export function expiresSoon(
  { notBefore, notAfter }: Pick<CertificateState, 'notBefore' | 'notAfter'>,
  now: Date,
): boolean {
  return notAfter.getTime() - now.getTime() < (notAfter.getTime() - notBefore.getTime()) / 3
}
