import { X509Certificate } from 'node:crypto'
import { stateOf } from './certificate.ts'
import { reasonToRenew } from './decide.ts'
import { makeAuthority, makeCertificate, newKey, publicKeyOf } from './make.ts'
import type { Store } from './store.ts'
import type { Lifetime, Pair, Wish } from './wish.ts'

/** What a host needs of the store, and what has been made. */
export interface Ensured {
  readonly pairs: ReadonlyMap<string, Pair>
  readonly made: readonly { readonly name: string; readonly reason: string }[]
}

/**
 * Makes what is missing or must be renewed, reads the rest. Names are unique among the wishes. An authority that is in
 * the store is used as it is.
 */
export async function ensureCertificates(
  store: Store,
  wishes: readonly Wish[],
  authorities: Readonly<Record<string, string>>,
  lifetime: Lifetime,
  now: Date,
): Promise<Ensured> {
  const pairs = new Map<string, Pair>()
  const made: { name: string; reason: string }[] = []
  const remember = (
    name: string,
    { pair, reason }: { readonly pair: Pair; readonly reason?: string | undefined },
  ): void => {
    pairs.set(name, pair)
    if (reason !== undefined) made.push({ name, reason })
  }
  for (const [name, commonName] of Object.entries(authorities))
    remember(name, await ensureAuthority(store, name, commonName, lifetime, now))
  for (const wish of wishes) {
    const authority = pairs.get(wish.ca)
    if (authority === undefined) throw new Error(`no such certificate authority: ${wish.ca}`)
    remember(wish.name, await ensureCertificate(store, wish, authority, lifetime, now))
  }
  return { pairs, made }
}

/** The key that signs service account tokens, with its public half. Tokens outlive it, so it is never made anew. */
export async function ensureServiceAccountKey(
  store: Store,
): Promise<{ readonly key: string; readonly publicKey: string }> {
  const present = await store.read('sa.key')
  if (present !== undefined) return { key: present, publicKey: publicKeyOf(present) }
  const key = newKey()
  await store.create('sa.key', key)
  await store.write('sa.pub', publicKeyOf(key))
  return { key, publicKey: publicKeyOf(key) }
}

interface Result {
  readonly pair: Pair
  readonly reason?: string
}

async function ensureAuthority(
  store: Store,
  name: string,
  commonName: string,
  lifetime: Lifetime,
  now: Date,
): Promise<Result> {
  const certificate = await store.read(`${name}.crt`)
  const key = await store.read(`${name}.key`)
  if (certificate === undefined && key !== undefined)
    throw new Error(
      `${store.dir}/${name}.key is there without ${name}.crt: put the certificate of the cluster's authority beside it`,
    )
  if (certificate !== undefined) {
    const expires = new Date(new X509Certificate(certificate).validTo)
    if (expires <= now)
      throw new Error(
        `the certificate authority ${store.dir}/${name}.crt has expired on ${expires.toISOString().slice(0, 10)}: it has to be replaced by hand, with everything that trusts it`,
      )
    // An authority whose key is kept elsewhere still serves as long as nothing has to be signed.
    return { pair: { certificate, key: key ?? '' } }
  }
  const pair = await makeAuthority(commonName, lifetime, now)
  await store.create(`${name}.key`, pair.key)
  await store.create(`${name}.crt`, pair.certificate)
  return { pair, reason: 'does not exist' }
}

async function ensureCertificate(
  store: Store,
  wish: Wish,
  authority: Pair,
  lifetime: Lifetime,
  now: Date,
): Promise<Result> {
  const certificate = await store.read(`${wish.name}.crt`)
  const key = await store.read(`${wish.name}.key`)
  const present = certificate !== undefined && key !== undefined ? { certificate, key } : undefined
  const reason = reasonToRenew(wish, present && stateOf(present, authority.certificate), now)
  if (reason === undefined && present !== undefined) return { pair: present }
  if (authority.key === '')
    throw new Error(
      `${store.dir}/${wish.name}.crt has to be made (${reason}), and the key of its authority, ${store.dir}/${wish.ca}.key, is not there`,
    )
  const pair = await makeCertificate(wish, authority, lifetime, now)
  await store.write(`${wish.name}.key`, pair.key)
  await store.write(`${wish.name}.crt`, pair.certificate)
  return { pair, reason: reason ?? 'does not exist' }
}
