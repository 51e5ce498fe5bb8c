import { createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import type { Origin } from '../failure/index.ts'
import { refused } from '../failure/index.ts'

export interface VaultSecret {
  /** The vault id; `default` when none was given. */
  readonly id: string
  readonly password: string
}

export interface Vault {
  /** The text in a vault; throws a refusal that names the place, never the password. */
  readonly decrypt: (vaulted: string, origin: Origin) => string
}

const header = /^\$ANSIBLE_VAULT;(1\.[12]);(\w+)(?:;([^;\r\n]*))?[ \t]*\r?\n/

export function isVaulted(text: string): boolean {
  return text.startsWith('$ANSIBLE_VAULT;')
}

/** Key derivation is slow on purpose; the same text is opened once. */
export function createVault(secrets: readonly VaultSecret[]): Vault {
  const opened = new Map<string, string>()
  return {
    decrypt: (vaulted, origin) => {
      const known = opened.get(vaulted)
      if (known !== undefined) return known
      const text = openVault(vaulted, secrets, origin).bytes.toString('utf8')
      opened.set(vaulted, text)
      return text
    },
  }
}

export interface Opened {
  readonly bytes: Buffer
  /** The secret that fitted. */
  readonly secret: VaultSecret
  /** The id in the vault's first line. */
  readonly id: string | undefined
}

export function openVault(vaulted: string, secrets: readonly VaultSecret[], origin: Origin): Opened {
  const fail = (message: string, hint?: string): never => {
    throw refused([{ message, origin, ...(hint !== undefined && { hint }) }])
  }
  const match = header.exec(vaulted)
  if (match === null) return fail('not a vault: the first line must be $ANSIBLE_VAULT;1.1;AES256 or ;1.2;AES256;id')
  if (match[2] !== 'AES256') return fail(`vault cipher ${match[2]} is not supported, only AES256`)
  if (secrets.length === 0)
    return fail('this is vaulted and there is no vault password', 'give --vault-password-file or --vault-id')
  const payload = parsePayload(vaulted.slice(match[0].length))
  if (payload === undefined) return fail('the vault is damaged: its text is not what ansible-vault writes')
  // The secret of the same id first; the others too, as Ansible does unless told to match ids.
  const id = match[3] ?? 'default'
  const ordered = [...secrets.filter(secret => secret.id === id), ...secrets.filter(secret => secret.id !== id)]
  for (const secret of ordered) {
    const bytes = decryptWith(secret.password, payload)
    if (bytes !== undefined) return { bytes, secret, id: match[3] }
  }
  const tried = ordered.map(secret => secret.id).join(', ')
  return fail(`no vault password fits${match[3] === undefined ? '' : ` vault id '${id}'`}`, `tried: ${tried}`)
}

interface Payload {
  readonly salt: Buffer
  readonly mac: Buffer
  readonly body: Buffer
}

/** Hexadecimal of three hexadecimal lines: salt, HMAC-SHA256, ciphertext. */
function parsePayload(text: string): Payload | undefined {
  const hex = text.replace(/\s+/g, '')
  if (hex === '' || hex.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(hex)) return undefined
  const parts = Buffer.from(hex, 'hex').toString('latin1').split('\n')
  if (parts.length !== 3 || parts.some(part => part.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(part))) return undefined
  const [salt, mac, body] = parts.map(part => Buffer.from(part, 'hex'))
  return salt === undefined || mac === undefined || body === undefined || mac.length !== 32
    ? undefined
    : { salt, mac, body }
}

function decryptWith(password: string, { salt, mac, body }: Payload): Buffer | undefined {
  const keys = deriveKeys(password, salt)
  if (!timingSafeEqual(keys.sign(body), mac)) return undefined
  const decipher = createDecipheriv('aes-256-ctr', keys.cipher, keys.counter)
  const padded = Buffer.concat([decipher.update(body), decipher.final()])
  const padding = padded.at(-1) ?? 0
  return padded.subarray(0, padded.length - padding)
}

/** ansible/parsing/vault: PBKDF2-SHA256, 10000 rounds, 80 bytes: cipher key, HMAC key, counter; AES-256-CTR, PKCS#7. */
export function deriveKeys(password: string, salt: Buffer) {
  const keys = pbkdf2Sync(password, salt, 10_000, 80, 'sha256')
  return {
    cipher: keys.subarray(0, 32),
    counter: keys.subarray(64, 80),
    sign: (body: Buffer) => createHmac('sha256', keys.subarray(32, 64)).update(body).digest(),
  }
}
