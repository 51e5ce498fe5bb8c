import { type BatchGate, batchGate, type GateTimes, holds, type Origin, type Verdict } from 'rota'
import { mastersOf } from '../cluster/index.ts'
import { kubectlOn } from '../cluster/kubectl.ts'
import { jsonPath, type Values } from './json-path.ts'

type Scalar = string | number | boolean

/** Which objects of the cluster are looked at, and what must be so of them. */
export interface KubectlGateOptions extends GateTimes {
  readonly name?: string
  /** As kubectl takes it: `deployments.apps`, `nodes`. */
  readonly resource: string
  /** Of one object; default: all there are. */
  readonly object?: string
  readonly namespace?: string
  readonly allNamespaces?: boolean
  /** Labels: `app=shop,tier!=test`. */
  readonly selector?: string
  /**
   * JSONPath (RFC 9535) into each object, also as kubectl writes it: `{.status.conditions[?(@.type=="Ready")].status}`.
   * Without one an object is right as it is there.
   */
  readonly path?: string
  /** An object is right where the path leads to this value, or to one of these; default: where it leads to anything. */
  readonly value?: Scalar | readonly Scalar[]
  /** How many objects must be right. Without these two all must be, and there must be one. */
  readonly atLeast?: number
  readonly atMost?: number
  readonly origin?: Origin
}

/**
 * After each batch objects of the cluster are as they shall be. A master that serves is asked, with kubectl and the
 * administrator's kubeconfig.
 */
export function kubectlGate(options: KubectlGateOptions): BatchGate {
  const { resource, object, namespace, allNamespaces = false, selector, path, value, ...rest } = options
  const { atLeast, atMost, ...times } = rest
  const compiled = path === undefined ? undefined : jsonPath(path)
  const bounds = { atLeast, atMost, path: compiled && 'values' in compiled ? compiled.values : undefined, value }
  const expected = expectation(options)
  const words = [
    ...['get', resource],
    ...(object === undefined ? [] : [object]),
    ...(allNamespaces ? ['--all-namespaces'] : []),
    ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
    ...(selector === undefined ? [] : [`--selector=${selector}`]),
    '--output=json',
  ]
  return batchGate({
    name: expected,
    maker: kubectlGate,
    ...times,
    expected,
    seen: [words.join(' ')],
    wrong: [...(compiled && 'wrong' in compiled ? [compiled.wrong] : []), ...clashes(options)],
    look: async ({ hosts, inventory, on }) => {
      const host = hosts[0] ?? mastersOf(inventory)[0]
      const kubectl = host && (await kubectlOn({ host, inventory, on }))
      if (kubectl === undefined) return { ok: false, expected, saw: 'no API server that answers' }
      const answer = await kubectl.$`${kubectl.words} ${words}`.nothrow().timeout(30)
      if (answer.exitCode !== 0)
        return { ok: false, expected, saw: `kubectl on ${kubectl.master}: ${lastLine(answer.stderr)}` }
      const objects = objectsIn(answer.stdout)
      if (objects === undefined) return { ok: false, expected, saw: `kubectl on ${kubectl.master} printed no JSON` }
      return verdictOn(objects, bounds, expected)
    },
  })
}

interface Bounds {
  readonly path: Values | undefined
  readonly value: KubectlGateOptions['value']
  readonly atLeast: number | undefined
  readonly atMost: number | undefined
}

/** Pure: what the objects come to. */
export function verdictOn(objects: readonly unknown[], bounds: Bounds, expected: string): Verdict {
  const { path, value, atLeast, atMost } = bounds
  const wanted = value === undefined ? undefined : new Set([value].flat().map(String))
  const judged = objects.map(object => {
    const found = path === undefined ? [] : path(object)
    const isRight = path === undefined || (found.length > 0 && found.every(one => !wanted || wanted.has(textOf(one))))
    return {
      name: nameOf(object),
      isRight,
      saw: path === undefined ? 'there' : found.map(textOf).join(', ') || 'nothing',
    }
  })
  const right = judged.filter(({ isRight }) => isRight)
  const wrong = judged.filter(({ isRight }) => !isRight)
  const counted = atLeast !== undefined || atMost !== undefined
  const enough = counted
    ? right.length >= (atLeast ?? 0) && right.length <= (atMost ?? Number.POSITIVE_INFINITY)
    : right.length > 0 && wrong.length === 0
  if (enough) return holds
  if (objects.length === 0) return { ok: false, expected, saw: 'no such object' }
  const told = counted && right.length > (atMost ?? Number.POSITIVE_INFINITY) ? right : wrong
  return {
    ok: false,
    expected,
    saw: `${right.length} of ${judged.length}${told.length > 0 ? `; ${listOf(told)}` : ''}`,
  }
}

const most = 5

function listOf(told: readonly { readonly name: string; readonly saw: string }[]): string {
  const shown = told.slice(0, most).map(({ name, saw }) => `${name}: ${saw.slice(0, 100)}`)
  return [...shown, ...(told.length > most ? [`and ${told.length - most} more`] : [])].join('; ')
}

/** `path` leads to a text, a number or a flag, or to what is none of them. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing'))

function nameOf(object: unknown): string {
  const { metadata } = (typeof object === 'object' && object !== null ? object : {}) as {
    readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown }
  }
  const { name, namespace } = metadata ?? {}
  return [namespace, name].filter(part => typeof part === 'string').join('/') || 'an object without a name'
}

/** Those of a list, or the one there is; undefined where the text is no JSON. */
export function objectsIn(text: string): readonly unknown[] | undefined {
  try {
    const read: unknown = JSON.parse(text)
    if (typeof read !== 'object' || read === null) return undefined
    return 'items' in read && Array.isArray(read.items) ? read.items : [read]
  } catch {
    return undefined
  }
}

function expectation(options: KubectlGateOptions): string {
  const { resource, object, namespace, allNamespaces, selector, path, value, atLeast, atMost } = options
  const where = allNamespaces ? ' of all namespaces' : namespace === undefined ? '' : ` of ${namespace}`
  const which = [resource, object].filter(part => part !== undefined).join('/')
  const chosen = `${which}${where}${selector === undefined ? '' : ` with ${selector}`}`
  const values = value === undefined ? '' : ` ${[value].flat().join(' or ')}`
  const right = path === undefined ? 'there' : `with ${path}${values}`
  if (atLeast === undefined && atMost === undefined) return `${object === undefined ? 'all ' : ''}${chosen} ${right}`
  const count = [atLeast === undefined ? '' : `at least ${atLeast}`, atMost === undefined ? '' : `at most ${atMost}`]
  return `${count.filter(part => part !== '').join(' and ')} ${chosen} ${right}`
}

function clashes({ object, selector, namespace, allNamespaces, path, value, atLeast, atMost }: KubectlGateOptions) {
  return [
    ...(object !== undefined && selector !== undefined ? ['one object is named, so there is nothing to select'] : []),
    ...(allNamespaces && (namespace !== undefined || object !== undefined)
      ? ['all namespaces are asked for, and one of them, or one object']
      : []),
    ...(value !== undefined && path === undefined ? ['a value needs the path that leads to it'] : []),
    ...((atLeast ?? 0) > (atMost ?? Number.POSITIVE_INFINITY) ? ['it shall be more at least than at most'] : []),
  ]
}

const lastLine = (text: string): string => (text.trim().split('\n').at(-1) ?? '').slice(-300)
