import { createCipheriv, randomBytes } from 'node:crypto'
import { deriveKeys, type VaultSecret } from './vault.ts'

/**
 * The text of a vault as ansible-vault writes it: format 1.2 names the id, which 1.1 has none of. Ends with a line
 * break.
 */
export function encryptVault(content: Uint8Array, { id, password }: VaultSecret): string {
  const salt = randomBytes(32)
  const keys = deriveKeys(password, salt)
  const padding = 16 - (content.length % 16)
  const cipher = createCipheriv('aes-256-ctr', keys.cipher, keys.counter)
  const body = Buffer.concat([cipher.update(content), cipher.update(Buffer.alloc(padding, padding)), cipher.final()])
  const inner = [salt, keys.sign(body), body].map(part => part.toString('hex')).join('\n')
  const lines =
    Buffer.from(inner)
      .toString('hex')
      .match(/.{1,80}/g) ?? []
  const header = id === 'default' ? '$ANSIBLE_VAULT;1.1;AES256' : `$ANSIBLE_VAULT;1.2;AES256;${id}`
  return `${[header, ...lines].join('\n')}\n`
}
