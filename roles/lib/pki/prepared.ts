import { join } from 'node:path'
import type { InventoryView } from 'rota'
import { type Ensured, ensureCertificates, ensureServiceAccountKey } from './ensure.ts'
import { store } from './store.ts'
import type { Lifetime, Pair, Wish } from './wish.ts'

/** What `prepare` of a role gives to its tasks. */
export interface PreparedCertificates {
  /** A pair by its name in the store; throws for one that was not asked for. */
  readonly pair: (name: string) => Pair
  readonly serviceAccount: { readonly key: string; readonly publicKey: string }
}

export const defaultLifetime: Lifetime = { certificateDays: 365, caDays: 3650 }

/** Makes certificates in `pki/` beside the inventory. In check mode they are made in memory and forgotten. */
export async function prepareCertificates(
  context: { readonly inventory: InventoryView; readonly check: boolean },
  wishes: readonly Wish[],
  authorities: Readonly<Record<string, string>>,
  lifetime: Lifetime,
): Promise<PreparedCertificates> {
  const files = store(join(context.inventory.dir, 'pki'), { check: context.check })
  const ensured = await ensureCertificates(files, wishes, authorities, lifetime, new Date())
  return preparedFrom(ensured, await ensureServiceAccountKey(files))
}

const preparedFrom = (
  { pairs }: Ensured,
  serviceAccount: PreparedCertificates['serviceAccount'],
): PreparedCertificates => ({
  serviceAccount,
  pair: name => {
    const found = pairs.get(name)
    if (found === undefined) throw new Error(`no certificate was prepared for ${name}`)
    return found
  },
})
