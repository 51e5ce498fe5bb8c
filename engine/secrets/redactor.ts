import { isIP } from 'node:net'
import { type Find, finder } from './find.ts'
import { type Forms, formsOf, shortest } from './forms.ts'

/**
 * Knows the secrets of a run, and takes them out of whatever is shown or written: output, diffs, errors, stack traces.
 */
export interface Redactor {
  readonly add: (secrets: Iterable<string>) => void
  /** They are taken out of what is shown, but make no secret of what they stand in: no host has to do with them. */
  readonly hide: (texts: Iterable<string>) => void
  readonly text: (text: string) => string
  /**
   * A secret stands in it in any form. Tells whether a file is one, and whether words may be seen in a list of
   * processes.
   */
  readonly isIn: (text: string) => boolean
}

const mask = '********'
const largestMemory = 1000

export function newRedactor(): Redactor {
  const known = new Map<string, Forms>()
  /** Of these, those that hosts may hold. */
  const secret = new Set<string>()
  /** Too short to be looked for: hidden where one is all there is. */
  const short = new Set<string>()
  const seen = new Map<string, boolean>()
  let find: Find | undefined
  let findStrong: Find | undefined
  const built = (secrets: Iterable<[string, Forms]>): Find => finder([...secrets].map(([, forms]) => forms))
  const hide = (texts: Iterable<string>): void => {
    for (const text of texts) {
      if (known.has(text)) continue
      const trimmed = text.trim()
      if (trimmed.length < shortest) {
        if (trimmed !== '') short.add(trimmed)
        continue
      }
      known.set(text, formsOf(text))
      find = undefined
    }
  }
  return {
    hide,
    add: secrets => {
      for (const text of secrets) {
        hide([text])
        if (secret.has(text)) continue
        secret.add(text)
        findStrong = undefined
        seen.clear()
      }
    },
    text: text => {
      if (short.size > 0 && short.has(text.trim())) return mask
      if (known.size === 0) return text
      find ??= built(known)
      return without(text, find(text))
    },
    isIn: text => {
      if (secret.size === 0) return false
      const before = seen.get(text)
      if (before !== undefined) return before
      findStrong ??= built([...known].filter(([text]) => secret.has(text) && isStrong(text.trim())))
      const found = findStrong(text).length > 0
      // The same file is planned several times, and on many hosts.
      if (seen.size >= largestMemory) seen.clear()
      seen.set(text, found)
      return found
    },
  }
}

function without(text: string, places: ReturnType<Find>): string {
  let result = ''
  let done = 0
  for (const [start, end] of places) {
    result += text.slice(done, start) + mask
    done = end
  }
  return done === 0 ? text : result + text.slice(done)
}

/**
 * A password such as `admin`, or an address, a name, an image or a path that is secret only because the whole file is
 * vaulted, stands in files and commands that have nothing to do with it. It is hidden in what is shown, but does not
 * make a secret of what it stands in.
 */
const isStrong = (secret: string): boolean =>
  secret.length >= 8 && isIP(secret.replace(/\/\d+$/, '')) === 0 && (isToken.test(secret) || !isPlace.test(secret))

const isPlace = /^(?=.*[./])[a-z0-9._:/-]+$/
/** A bootstrap token of Kubernetes, which looks like a name. */
const isToken = /^[a-z0-9]{6}\.[a-z0-9]{16}$/
