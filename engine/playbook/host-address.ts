import { isIP } from 'node:net'
import { type Problem, refused } from '../failure/index.ts'
import type { Host } from '../inventory/index.ts'
import { shownValue } from '../shell/index.ts'

/**
 * The address that the first of these variables that is set gives a host. Throws a refusal with its place where
 * it is none.
 */
export function addressBy(names: readonly string[], host: Host, read: (name: string) => unknown): string {
  const found = names.map(name => ({ name, value: read(name) })).find(({ value }) => isSet(value))
  const value = found?.value ?? host.name
  if (typeof value === 'string' && isIP(value) !== 0 && !value.includes('%') && !unspecified.has(value)) return value
  throw refused([found ? notAnAddress(host, found.name, value) : noAddress(host)])
}

const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== ''

/** It means every address of a host, to the host itself alone. */
const unspecified: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

const asTheHostSays = 'ip: "{{ ansible_default_ipv4.address }}" takes what the host itself says'

function notAnAddress(host: Host, name: string, value: unknown): Problem {
  const variable = host.vars.get(name)
  const shown = variable?.secret ? 'the secret value' : shownValue(value)
  const problem = (what: string, hint: string): Problem => ({
    message: `host ${host.name}: ${name}: ${shown} ${what}`,
    origin: variable?.origin ?? host.origin,
    hint,
  })
  const text = String(value)
  if (isIP(text) !== 0 && text.includes('%'))
    return problem('is an address of one link of one host alone (%): others can not use it', 'set ip to another one')
  if (unspecified.has(text)) return problem('is no address of a host: it stands for all of them', 'set ip')
  if (/^[A-Za-z0-9_.-]+$/.test(text) && !/^[0-9.]+$/.test(text))
    return problem('is a name, and what is written for other hosts needs an address', `set ip; ${asTheHostSays}`)
  return problem('is not an IPv4 or IPv6 address', `set ${name} to the address; ${asTheHostSays}`)
}

const noAddress = (host: Host): Problem => ({
  message: `host ${host.name} has no address, and its name is none`,
  origin: host.origin,
  hint: `set ip; ${asTheHostSays}`,
})
