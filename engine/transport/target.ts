import type { Frame } from '../program/protocol.ts'

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
  readonly os: Readonly<Record<string, string>>
}

const protocolVersion = '1'

export function targetOf({ name, payload }: Frame): Target {
  if (name !== protocolVersion)
    throw new Error(`the host speaks version ${name} of the protocol, not ${protocolVersion}`)
  const fields = new Map<string, string>()
  const os: Record<string, string> = {}
  for (const line of payload.toString().split('\n')) {
    const at = line.indexOf('=')
    if (at < 0 || line.startsWith('os.#')) continue
    const key = line.slice(0, at)
    if (key.startsWith('os.')) os[key.slice(3)] = unquoted(line.slice(at + 1))
    else fields.set(key, line.slice(at + 1))
  }
  return {
    uid: Number(fields.get('uid')),
    pid: Number(fields.get('pid')),
    state: fields.get('state') ?? '',
    nonce: fields.get('nonce') ?? '',
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
