import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { InventoryView } from 'rota'
import { store } from './store.ts'

export const tokenFile = 'known_tokens.csv'

/** The tokens in `pki/` beside the inventory. In check mode new ones are made in memory and forgotten. */
export async function prepareTokens(
  context: { readonly inventory: InventoryView; readonly check: boolean },
  users: readonly string[],
): Promise<string> {
  const files = store(join(context.inventory.dir, 'pki'), { check: context.check })
  const present = (await files.read(tokenFile)) ?? ''
  const wanted = tokensFor(users, present, () => randomBytes(16).toString('hex'))
  if (wanted !== present) await files.write(tokenFile, wanted)
  return wanted
}

const ours = /^system:(kubectl|kubelet)-/

/**
 * The lines `token,user,uid[,groups]` of known_tokens.csv: everybody who is there keeps theirs, who is new gets one,
 * and a master or node that is not there any more loses it. Lines of other users are the operator's own and stay.
 */
export function tokensFor(users: readonly string[], present: string, newToken: () => string): string {
  const lines = present.split(/\r?\n/).filter(line => line.trim() !== '')
  const kept = lines.filter(line => !ours.test(userOf(line)) || users.includes(userOf(line)))
  const known = new Set(kept.map(userOf))
  const added = [...new Set(users)].filter(user => !known.has(user)).map(user => `${newToken()},${user},${user}`)
  return [...kept, ...added].map(line => `${line}\n`).join('')
}

/** Users other than ours that the first file has and the second has not. */
export function foreignUsers(present: string, wanted: string): readonly string[] {
  const users = (text: string): readonly string[] =>
    text
      .split(/\r?\n/)
      .map(userOf)
      .filter(user => user !== '' && !ours.test(user))
  const known = new Set(users(wanted))
  return users(present).filter(user => !known.has(user))
}

const userOf = (line: string): string => (line.split(',')[1] ?? '').trim().replace(/^"|"$/g, '')
