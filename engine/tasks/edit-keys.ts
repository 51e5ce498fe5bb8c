/** A line of `authorized_keys` (`man sshd`): options, type, key, comment. */
export interface PublicKey {
  /** `from="10.0.0.0/8",no-pty`; empty when there are none. */
  readonly options: string
  /** `ssh-ed25519`. */
  readonly type: string
  /** In base64. */
  readonly blob: string
  readonly comment: string
}

export interface KeysEdit {
  readonly keys: readonly PublicKey[]
  readonly state: 'present' | 'absent'
  /** No other key stays. */
  readonly exclusive: boolean
}

/** The key of a line, or nothing where there is none that is whole. */
export function readKey(line: string): PublicKey | undefined {
  // Options hold spaces between double quotes alone.
  const [, options = '', rest = ''] =
    /^(?:((?:[^\s"]|"(?:[^"\\]|\\.)*")+)[ \t]+)?((?:ssh|ecdsa|sk)-.*)$/s.exec(line.trim()) ?? []
  const [type = '', blob = '', ...comment] = rest.split(/[ \t]+/)
  return isKeyOf(type, blob) ? { options, type, blob, comment: comment.join(' ') } : undefined
}

/** A key says its type itself, after four bytes that are the length of it: a key that was cut or mistyped shows. */
function isKeyOf(type: string, blob: string): boolean {
  if (type === '' || blob.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(blob)) return false
  const bytes = Buffer.from(blob, 'base64')
  return bytes.length > 4 + type.length && bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString('latin1') === type
}

export const writeKey = ({ options, type, blob, comment }: PublicKey): string =>
  [options, type, blob, comment].filter(part => part !== '').join(' ')

/**
 * Text in which these keys may log in, once each and with just these options, or may not. A comment that is not given
 * stays. Other lines stay as they are, unless no other key may be there: then only comments do. Source: Ansible's
 * `authorized_key`.
 */
export function editKeys(original: string, { keys, state, exclusive }: KeysEdit): string {
  const wanted = new Map(keys.map(key => [nameOf(key), key]))
  const done = new Set<string>()
  const kept = linesOf(original).flatMap(line => {
    const there = readKey(line)
    const key = there && wanted.get(nameOf(there))
    if (key === undefined) return exclusive && isEntry(line) ? [] : [line]
    if (state === 'absent' || done.has(nameOf(key))) return []
    done.add(nameOf(key))
    const same = there?.options === key.options && (key.comment === '' || key.comment === there.comment)
    return same ? [line] : [`${writeKey({ ...key, comment: key.comment || (there?.comment ?? '') })}\n`]
  })
  const missing = state === 'absent' ? [] : [...wanted.values()].filter(key => !done.has(nameOf(key)))
  const before = kept.join('')
  const end = before === '' || before.endsWith('\n') || missing.length === 0 ? '' : '\n'
  return `${before}${end}${missing.map(key => `${writeKey(key)}\n`).join('')}`
}

const nameOf = ({ type, blob }: PublicKey): string => `${type} ${blob}`
/** What sshd may take for a key, also where this does not understand it. */
const isEntry = (line: string): boolean => /^\s*[^\s#]/.test(line)
const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []
