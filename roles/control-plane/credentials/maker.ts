import { type Lifetime, makePair, type Pair, renewCertificate, type Wish } from '../../lib/pki/index.ts'
import type { PairName } from './names.ts'

/**
 * Makes credentials in memory, each once a play, so that all masters get the same ones. No key of them is ever written
 * down on the control machine.
 */
export interface Maker {
  readonly wishes: Readonly<Record<PairName, Wish>>
  readonly pair: (name: PairName) => Promise<Pair>
  /** A new certificate for the key of this one. */
  readonly renewed: (name: PairName, certificate: string) => Promise<string>
}

export function maker(wishes: Readonly<Record<PairName, Wish>>, authority: Pair, lifetime: Lifetime): Maker {
  const pairs = new Map<PairName, Promise<Pair>>()
  const certificates = new Map<string, Promise<string>>()
  return {
    wishes,
    pair: name => once(pairs, name, () => makePair(wishes[name], authority, lifetime, new Date())),
    renewed: (name, certificate) =>
      once(certificates, certificate, () =>
        renewCertificate(wishes[name], certificate, authority, lifetime, new Date()),
      ),
  }
}

function once<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const value = known.get(key) ?? make()
  known.set(key, value)
  return value
}
