import { refused } from '../../failure/index.ts'
import type { VaultSecret } from '../../vault/index.ts'

/** The one secret to encrypt with: the only one, or the one that `--encrypt-vault-id` names. */
export function secretToEncrypt(secrets: readonly VaultSecret[], id: string | undefined): VaultSecret {
  const [first] = secrets
  const ids = [...new Set(secrets.map(secret => secret.id))].join(', ')
  const chosen = id === undefined ? first : secrets.find(secret => secret.id === id)
  if (chosen && (id !== undefined || secrets.length === 1)) return chosen
  if (!first)
    throw refused([
      { message: 'there is no vault password', hint: 'give --vault-password-file, --vault-id or --ask-vault-pass' },
    ])
  throw refused([
    id === undefined
      ? { message: `there are several vault passwords (${ids})`, hint: 'choose one with --encrypt-vault-id' }
      : { message: `there is no vault password with the id ${id}`, hint: `there are ${ids}` },
  ])
}
