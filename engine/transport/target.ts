import type { Frame } from '../program/index.ts'

/** What a host says of itself in its hello. It cost no process there. */
export interface Target {
  readonly uid: number
  /** Process of the runtime on the host. */
  readonly pid: number
  /** Where Rota keeps its state on the host. */
  readonly state: string
  readonly nonce: string
  readonly hostname: string | undefined
  /** Release of the kernel. */
  readonly kernel: string | undefined
  /** /etc/os-release: ID, ID_LIKE, VERSION_ID, PRETTY_NAME, … */
  readonly os: ReadonlyMap<string, string>
}

const protocolVersion = '1'

/** Throws where it is no hello to this channel. */
export function targetOf({ name, payload }: Frame, nonce: string): Target {
  if (name !== protocolVersion)
    throw new Error(`it speaks version ${JSON.stringify(name)} of the protocol, not ${protocolVersion}`)
  const fields = new Map<string, string>()
  const os = new Map<string, string>()
  for (const line of payload.toString().split('\n')) {
    const at = line.indexOf('=')
    if (at < 0 || line.startsWith('os.#')) continue
    const key = line.slice(0, at)
    if (key.startsWith('os.')) os.set(key.slice(3), unquoted(line.slice(at + 1)))
    else fields.set(key, line.slice(at + 1))
  }
  // Each is used where this host is told to stop, in a session of its own.
  const said = (field: string, form: RegExp): string => {
    const value = fields.get(field) ?? ''
    if (!form.test(value)) throw new Error(`its hello has no ${field} that could be one: ${JSON.stringify(value)}`)
    return value
  }
  if (fields.get('nonce') !== nonce) throw new Error('its hello is not for this channel')
  return {
    uid: Number(said('uid', /^\d{1,10}$/)),
    pid: Number(said('pid', /^\d{1,10}$/)),
    state: said('state', /^\/\P{Cc}*$/u),
    nonce,
    hostname: fields.get('hostname'),
    kernel: fields.get('osrelease'),
    os,
  }
}

/** os-release(5): values may be quoted as a shell would. */
const unquoted = (value: string): string =>
  value.replace(/^"(.*)"$|^'(.*)'$/, (_, double?: string, single?: string) =>
    (double ?? single ?? '').replaceAll(/\\(["$`\\])/g, '$1'),
  )
