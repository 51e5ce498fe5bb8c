import { createHmac, type Hmac, scryptSync } from 'node:crypto'

/**
 * Checksums of what may hold secrets are made with a key that only who has all secrets of the run can make: nobody
 * finds a password from a plan by trying. It takes a twentieth of a second. `salt`: what the run is of; another one
 * each time would make two plans of the same run differ in each line.
 */
export interface Key {
  readonly hmac: () => Hmac
  readonly sum: (content: string | Uint8Array) => string
  /** By which it is known that the secrets are the same. */
  readonly mark: string
}

export function keyOf(secrets: Iterable<string>, salt: string): Key {
  const key = scryptSync(JSON.stringify([...new Set(secrets)].sort()), salt, 32)
  const hmac = () => createHmac('sha256', key)
  const sum = (content: string | Uint8Array) => hmac().update(content).digest('hex').slice(0, 32)
  return { hmac, sum, mark: sum('the secrets of a run') }
}
