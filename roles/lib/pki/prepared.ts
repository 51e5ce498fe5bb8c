import { join } from 'node:path'
import type { InventoryView } from 'rota'
import { type Ensured, ensureCertificates, ensureServiceAccountKey } from './ensure.ts'
import { keepPending, type Pending, pendingStore, store } from './store.ts'
import type { Lifetime, Pair, Wish } from './wish.ts'

/** What `prepare` of a role gives to its tasks. */
export interface PreparedCertificates {
  /** A pair by its name in the store; throws for one that was not asked for. */
  readonly pair: (name: string) => Pair
  readonly serviceAccount: { readonly key: string; readonly publicKey: string }
}

export const defaultLifetime: Lifetime = { certificateDays: 365, caDays: 3650 }

/**
 * Makes certificates in `pki/` beside the inventory. In check mode they are made in memory and forgotten. `used`: they
 * are written when somebody uses one of them, where it is not known yet whether anybody will.
 */
export async function prepareCertificates(
  context: { readonly inventory: InventoryView; readonly check: boolean },
  wishes: readonly Wish[],
  authorities: Readonly<Record<string, string>>,
  lifetime: Lifetime,
  when: 'now' | 'used' = 'now',
): Promise<PreparedCertificates> {
  const dir = join(context.inventory.dir, 'pki')
  const pending = context.check ? undefined : pendingOf(context.inventory)
  const files = pending === undefined ? store(dir, { check: true }) : pendingStore(dir, pending)
  const ensured = await ensureCertificates(files, wishes, authorities, lifetime, new Date())
  const serviceAccount = await ensureServiceAccountKey(files)
  const keep = (): void => (pending === undefined ? undefined : keepPending(dir, pending))
  if (when === 'now') keep()
  return preparedFrom(ensured, serviceAccount, keep)
}

/** What the roles of a run have made and nobody has used: two that need the same authority have the same one. */
function pendingOf(inventory: InventoryView): Pending {
  const pending = pendings.get(inventory) ?? new Map()
  pendings.set(inventory, pending)
  return pending
}

const pendings = new WeakMap<InventoryView, Pending>()

const preparedFrom = (
  { pairs }: Ensured,
  serviceAccount: PreparedCertificates['serviceAccount'],
  keep: () => void,
): PreparedCertificates => ({
  serviceAccount,
  pair: name => {
    const found = pairs.get(name)
    if (found === undefined) throw new Error(`no certificate was prepared for ${name}`)
    keep()
    return found
  },
})
