import { isIP } from 'node:net'
import { type Problem, refused } from '../failure/index.ts'
import type { AddressRule, Host } from '../inventory/index.ts'
import { addressVariables } from '../role/index.ts'
import { shownValue } from '../shell/index.ts'

/**
 * The address of a host that others use (`shared`), or that it binds (`own`): of the first variable that is set. Throws
 * a refusal with its place where that is none, or of a family that the host does not speak.
 */
export function addressBy(
  kind: 'shared' | 'own',
  rule: AddressRule | undefined,
  host: Host,
  read: (name: string) => unknown,
): string {
  const onlyV6 = rule !== undefined && isFalse(read(rule.unless))
  const names = onlyV6 ? rule[kind] : addressVariables.slice(kind === 'own' ? 1 : 0)
  const found = names.map(name => ({ name, value: read(name) })).find(({ value }) => isSet(value))
  const value = found?.value ?? host.name
  if (typeof value !== 'string' || isIP(value) === 0 || value.includes('%') || unspecified.has(value))
    throw refused([found ? notAnAddress(host, found.name, value) : noAddress(host)])
  if (onlyV6 && isIP(value) !== 6) throw refused([notV6(host, found?.name, value, rule.unless)])
  return value
}

const isFalse = (value: unknown): boolean =>
  value === false || (typeof value === 'string' && /^(false|no|off|0)$/i.test(value))

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

const notV6 = (host: Host, name: string | undefined, value: string, unless: string): Problem => ({
  message: `host ${host.name}: its address ${value} is one of IPv4, and ${unless} is false`,
  origin: (name === undefined ? undefined : host.vars.get(name)?.origin) ?? host.origin,
  hint: 'set ip6; ip6: "{{ ansible_default_ipv6.address }}" takes what the host itself says',
})
