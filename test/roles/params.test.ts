import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isFormat } from '../../engine/values/formats.ts'
import { isShared, variableNames } from '../../engine/values/names.ts'
import { resolveParams } from '../../engine/values/params.ts'
import type { ParamSchema } from '../../engine/values/schema.ts'
import { validatorOf } from '../../engine/values/validator.ts'
import { overrideHostname } from '../../roles/lib/cluster/params.ts'
import { everyRole, type TextPlace, textPlaces } from './support/schemas.ts'

const usual = ['ipv4', 'ipv6']

test('every text of every param of every role says what it may be, as a whole', () => {
  const open = everyRole
    .flatMap(textPlaces)
    .filter(place => !isClosed(place))
    .map(({ name }) => name)
  assert.equal(open, [])
  assert.ok(everyRole.length > 20, 'the roles are found')
})

function isClosed({ schema }: TextPlace): boolean {
  const { pattern, format, text } = schema
  if ('enum' in schema || 'const' in schema) return true
  if (typeof format === 'string' && !isFormat(format) && !usual.includes(format)) return false
  if (typeof pattern === 'string' && !isAnchored(pattern)) return false
  return [pattern, format, text].some(keyword => keyword !== undefined)
}

/** Each way through the pattern begins with `^` and ends with `$`. */
const isAnchored = (pattern: string): boolean =>
  topLevel(pattern).every(part => part.startsWith('^') && /(?<!\\)\$$/.test(part))

function topLevel(pattern: string): readonly string[] {
  const parts = ['']
  let depth = 0
  for (const token of pattern.match(/\\.|\[(?:\\.|[^\]])*\]|./g) ?? []) {
    depth += token === '(' ? 1 : token === ')' ? -1 : 0
    if (token === '|' && depth === 0) parts.push('')
    else parts[parts.length - 1] += token
  }
  return parts
}

test('every default is allowed by its own schema', () => {
  for (const role of everyRole) {
    const errors = validatorOf(role.params)({}).filter(({ keyword }) => keyword !== 'required')
    assert.equal(errors, [], role.name)
  }
})

/** Names that two params have which are not one value, and why. */
const apart: Readonly<Record<string, string>> = {
  haproxy_kube_apiserver_port: 'of whichever balancer is chosen: each has a default of its own',
  cluster_name: 'the domain follows from it where it has no variable of its own',
  etcd_data_dir: 'of etcd on hosts, or of the members that kubeadm makes: one of the two is there',
  loadbalancer_apiserver_healthcheck_port: 'of whichever proxy is chosen',
  loadbalancer_apiserver_keepalive_timeout: 'of whichever proxy is chosen',
  k8s_image_pull_policy: 'a role may say otherwise of its own pod',
  loadbalancer_apiserver_cpu_requests: 'the same',
  loadbalancer_apiserver_memory_requests: 'the same',
}

test('what two roles read by one name is one value, whoever says it', () => {
  const byName = new Map<string, { readonly param: string; readonly schema: ParamSchema }[]>()
  for (const { name: role, params } of everyRole)
    for (const [param, schema] of Object.entries(params.properties))
      for (const name of variableNames(role, param, schema))
        byName.set(name, [...(byName.get(name) ?? []), { param: `${role}.${param}`, schema }])
  const several = [...byName].filter(
    ([name, found]) =>
      !(name in apart) && found.length > 1 && (new Set(found.map(({ schema }) => schema)).size > 1 || !isOne(found)),
  )
  assert.equal(
    several.map(([name, found]) => `${name}: ${found.map(({ param }) => param).join(', ')}`),
    [],
  )
})

const isOne = (found: readonly { readonly schema: ParamSchema }[]): boolean =>
  found.every(({ schema }) => isShared(schema))

test('an empty text is no name of a node, no host and no file: it is not set', () => {
  const named = {
    name: 'cluster',
    params: { type: 'object', properties: { overrideHostname } },
  } as const
  const variable = { origin, source: 'group_vars/all', rank: 1, value: '', overrides: undefined, locate: () => origin }
  const lookup = () => ({ value: '', variable })
  const resolved = [named, ...everyRole].map(role => ({
    role: role.name,
    resolved: resolveParams(
      { role: { ...role, params: { ...role.params, required: [] } }, params: {}, site: origin },
      lookup,
    ),
  }))
  const empty = resolved.flatMap(({ role, resolved: each }) =>
    each.ok
      ? Object.entries(each.params).flatMap(([param, value]) => (value === '' ? [`${role}.${param}`] : []))
      : each.problems.map(({ message }) => message),
  )
  assert.equal(
    empty.filter(param => !param.endsWith('.leaving')),
    [],
  )
})

const origin = { file: 'hosts.ini', line: 1, column: 1 }

test.run()
