import type { Ast, Binary } from './ast.ts'
import { FilterError, fail, guard } from './error.ts'
import { filters } from './filters.ts'
import { methodOf } from './methods.ts'
import { arithmetic, compare, contains, toNumber, toNumeric } from './operators.ts'
import { tests } from './tests.ts'
import {
  isLazyMap,
  isMapping,
  isTrue,
  isUndefined,
  lookupIn,
  makeNamespace,
  missing,
  missingName,
  namespaceOf,
  nothing,
  toText,
} from './values.ts'
import type { Work } from './work.ts'

/** What is outside of the template; asked only for what the template really needs. */
export interface Outside {
  /** A variable's value, or an Undefined. */
  readonly variable: (name: string) => unknown
  /** What all of it has cost so far. */
  readonly work: Work
  /** What `query(kind, terms…)` gives. */
  readonly lookup: (
    kind: string,
    terms: readonly unknown[],
    options: Readonly<Record<string, unknown>>,
  ) => readonly unknown[]
}

/** The value of an expression, with its type. */
export function evaluateExpression(node: Ast, outside: Outside): unknown {
  return need(evaluate(node, newScope(outside)), node)
}

export interface Scope {
  readonly outside: Outside
  readonly local: Map<string, unknown>
  /** Lists and mappings that the template has made: only these may be changed by it. */
  readonly made: WeakSet<object>
  readonly work: Work
}

export const newScope = (outside: Outside): Scope => {
  return { outside, local: new Map(), made: new WeakSet(), work: outside.work }
}

/** Undefined is an error wherever a value is used, as in Ansible. */
export function need(value: unknown, node: Ast): unknown {
  if (value === nothing) return ''
  if (isUndefined(value)) fail(`'${missingName(value)}' is undefined`, node)
  return value
}

const constants: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['True', true],
  ['true', true],
  ['False', false],
  ['false', false],
  ['None', null],
  ['none', null],
])

export function evaluate(node: Ast, scope: Scope): unknown {
  const wrong = scope.work.enter()
  if (wrong !== undefined) fail(wrong, node)
  const value = evaluateInner(node, scope)
  scope.work.leave()
  return value
}

function evaluateInner(node: Ast, scope: Scope): unknown {
  switch (node.typename) {
    case 'Literal':
      return node.value
    case 'Symbol':
      if (scope.local.has(node.value)) return scope.local.get(node.value)
      return constants.has(node.value) ? constants.get(node.value) : scope.outside.variable(node.value)
    case 'Group': {
      const values = node.children.map(child => evaluate(child, scope))
      return values.length === 1 ? values[0] : values
    }
    case 'Array':
      return own(
        scope,
        node.children.map(child => need(evaluate(child, scope), child)),
      )
    case 'Dict':
      return own(scope, Object.fromEntries(node.children.flatMap(child => readPair(child, scope))))
    case 'LookupVal':
      return lookUp(node, scope)
    case 'InlineIf': {
      const branch = isTrue(need(evaluate(node.cond, scope), node.cond)) ? node.body : node.else_
      return branch === null ? nothing : evaluate(branch, scope)
    }
    case 'Filter':
      return applyFilter(node, scope)
    case 'FunCall':
      return call(node, scope)
    case 'Not':
      return !isTrue(need(evaluate(node.target, scope), node.target))
    case 'Neg':
      return -toNumeric(need(evaluate(node.target, scope), node.target), node)
    case 'Pos':
      return toNumeric(need(evaluate(node.target, scope), node.target), node)
    case 'Compare':
      return compareAll(node, scope)
    case 'Is':
      return applyTest(node, scope)
    case 'Root':
    case 'NodeList':
    case 'Output':
    case 'TemplateData':
    case 'Pair':
    case 'Slice':
    case 'If':
    case 'For':
    case 'Set':
    case 'KeywordArgs':
      return fail('this is not an expression', node)
    default:
      return 'left' in node ? binary(node, scope) : fail('this is not supported', node)
  }
}

function own<T extends object>(scope: Scope, value: T): T {
  scope.made.add(value)
  return value
}

function readPair(node: Ast, scope: Scope): [string, unknown][] {
  if (node.typename !== 'Pair') return []
  return [[toText(evaluate(node.key, scope)), need(evaluate(node.value, scope), node.value)]]
}

function lookUp(node: Extract<Ast, { typename: 'LookupVal' }>, scope: Scope): unknown {
  const target = evaluate(node.target, scope)
  // A missing part of a missing thing is missing too: `a.b | default(1)` works without `a`, as in Ansible.
  if (isUndefined(target)) return target
  if (node.val.typename === 'Slice') return slice(target, node.val, scope)
  const key = need(evaluate(node.val, scope), node.val)
  if (isLazyMap(target)) return lookupIn(target, toText(key))
  if ((Array.isArray(target) || typeof target === 'string') && typeof key === 'number') {
    return target.at(key) ?? missing(`${describe(node.target)}[${key}]`)
  }
  const name = toText(key)
  if (isMapping(target) && Object.hasOwn(target, name)) return target[name]
  if (typeof target === 'function') return missing(`${describe(node.target)}.${name}`)
  const inner = namespaceOf(target)
  if (inner) return inner.has(name) ? inner.get(name) : missing(`${describe(node.target)}.${name}`)
  return methodOf(target, name, scope) ?? missing(`${describe(node.target)}.${name}`)
}

function slice(target: unknown, { start, stop, step }: Extract<Ast, { typename: 'Slice' }>, scope: Scope): unknown {
  const [from, to, by] = [start, stop, step].map(part => evaluate(part, scope))
  const bound = (value: unknown) => (typeof value === 'number' ? value : undefined)
  if (typeof target !== 'string' && !Array.isArray(target)) return fail('only lists and text can be sliced', start)
  guard(start, () => (by === 1 ? scope.work.goThrough(target) : scope.work.spend(target.length >>> 2)))
  if (by === 1) return target.slice(bound(from) ?? 0, bound(to))
  if (typeof by !== 'number' || by === 0) return fail('the step of a slice is a number other than 0', step)
  const picked = steps(target.length, bound(from), bound(to), by).map(index => target[index])
  return typeof target === 'string' ? picked.join('') : picked
}

/** The indexes of Python's `[from:to:by]`. */
function steps(length: number, from: number | undefined, to: number | undefined, by: number): readonly number[] {
  const [low, high] = by > 0 ? [0, length] : [-1, length - 1]
  const clamp = (value: number) => Math.min(high, Math.max(low, value < 0 ? value + length : value))
  const first = from === undefined ? (by > 0 ? low : high) : clamp(from)
  const end = to === undefined ? (by > 0 ? high : low) : clamp(to)
  const count = Math.max(0, Math.ceil((end - first) / by))
  return Array.from({ length: count }, (_, index) => first + index * by)
}

function describe(node: Ast): string {
  if (node.typename === 'Symbol') return node.value
  if (node.typename !== 'LookupVal') return '…'
  return node.val.typename === 'Literal' ? `${describe(node.target)}.${toText(node.val.value)}` : describe(node.target)
}

interface Arguments {
  readonly positional: readonly unknown[]
  readonly named: Readonly<Record<string, unknown>>
}

function readArguments(nodes: readonly Ast[], scope: Scope, mayMiss = false): Arguments {
  const named = keywords()
  const positional: unknown[] = []
  for (const node of nodes) {
    if (node.typename === 'KeywordArgs') Object.assign(named, readKeywords(node.children, scope))
    else positional.push(mayMiss ? evaluate(node, scope) : need(evaluate(node, scope), node))
  }
  return { positional, named }
}

/** Whatever the template writes for names: none of them means anything but itself. */
const keywords = (): Record<string, unknown> => Object.create(null)

/** `name=value`: the name is a word, not a variable. */
function readKeywords(pairs: readonly Ast[], scope: Scope): Record<string, unknown> {
  const named = keywords()
  for (const pair of pairs) {
    if (pair.typename !== 'Pair' || pair.key.typename !== 'Symbol') continue
    named[pair.key.value] = need(evaluate(pair.value, scope), pair.value)
  }
  return named
}

function childrenOf(node: Ast): readonly Ast[] {
  return 'children' in node ? node.children : []
}

type CallNode = Extract<Ast, { readonly args: Ast }>

function applyFilter(node: CallNode, scope: Scope): unknown {
  const name = node.name.typename === 'Symbol' ? node.name.value : ''
  const short = name.replace(/^ansible\.(?:builtin|utils|netcommon)\./, '')
  const [first, ...rest] = childrenOf(node.args)
  if (first === undefined) return fail(`filter ${name} has no input`, node)
  if (short === 'default' || short === 'd') {
    const input = evaluate(first, scope)
    // Not even looked at where it is not used: it may need a fact that nobody has asked for.
    if (!isUndefined(input) && isTrue(input)) return input
    const { positional, named } = readArguments(rest, scope, true)
    const isEmpty = isUndefined(input) || (isTrue(positional[1] ?? named.boolean ?? false) && !isTrue(input))
    return isEmpty ? (positional.length > 0 ? positional[0] : (named.default_value ?? '')) : input
  }
  const filter = filters.get(short)
  if (filter === undefined) return fail(`filter '${name}' is not supported`, node)
  const input = evaluate(first, scope)
  if (isUndefined(input) && short !== 'mandatory') need(input, first)
  const { positional, named } = readArguments(rest, scope)
  if (isUndefined(input)) return fail(`'${missingName(input)}' is mandatory and not defined`, node)
  return guard(node, () => {
    scope.work.begin()
    return scope.work.made(filter(input, positional, named, scope.work))
  })
}

function applyTest(node: Extract<Ast, { left: Ast }>, scope: Scope): boolean {
  const { right } = node
  const callee = right.typename === 'FunCall' ? right.name : right
  const name =
    callee.typename === 'Symbol'
      ? callee.value
      : callee.typename === 'Literal'
        ? toText(callee.value).toLowerCase()
        : ''
  const input = evaluate(node.left, scope)
  if (name === 'defined') return !isUndefined(input)
  if (name === 'undefined') return isUndefined(input)
  const test = tests.get(name.replace(/^ansible\.(?:builtin|utils)\./, ''))
  if (test === undefined) return fail(`test '${name}' is not supported`, node)
  const { positional, named } =
    right.typename === 'FunCall' ? readArguments(childrenOf(right.args), scope) : { positional: [], named: {} }
  return guard(node, () => {
    scope.work.begin()
    return test(need(input, node.left), positional, named, scope.work)
  })
}

function call(node: CallNode, scope: Scope): unknown {
  const { positional, named } = readArguments(childrenOf(node.args), scope)
  if (node.name.typename === 'Symbol') {
    const name = node.name.value
    if (name === 'range')
      return own(
        scope,
        range(
          positional.map(value => toNumber(value, node)),
          node,
          scope,
        ),
      )
    if (name === 'dict') return own(scope, { ...named })
    if (name === 'namespace') return makeNamespace(named)
    if (name === 'undef') return missing(toText(positional[0] ?? named.hint ?? 'the value of undef()'))
    if (name === 'lookup' || name === 'query' || name === 'q') return lookup(node, name, positional, named, scope)
    return fail(`function '${name}' is not supported`, node)
  }
  const callee = evaluate(node.name, scope)
  if (typeof callee !== 'function') return fail(`'${describe(node.name)}' can't be called`, node)
  return guard(node, () => {
    scope.work.begin()
    return scope.work.made(callee(...positional))
  })
}

/** `lookup` gives text, joined by commas; `query` the list. */
function lookup(
  node: Ast,
  called: string,
  [kind, ...terms]: readonly unknown[],
  { wantlist = false, errors, ...options }: Arguments['named'],
  scope: Scope,
): unknown {
  const { outside, work } = scope
  const isList = called !== 'lookup' || isTrue(wantlist)
  const found = guard(node, () => {
    work.begin()
    const { depth } = work
    try {
      return outside.lookup(toText(kind ?? '').replace(/^ansible\.builtin\./, ''), terms, options)
    } catch (error) {
      // As in Ansible, a missing variable is not what `errors` is about.
      work.depth = depth
      if (errors === 'ignore' && kind !== 'vars' && error instanceof FilterError) return undefined
      throw error
    }
  })
  if (found === undefined) return isList ? [] : null
  if (isList || found.length === 0) return found
  if (found.every(item => typeof item === 'string')) return guard(node, () => work.join(found, ','))
  return found.length === 1 ? found[0] : found
}

function range([first = 0, second, step = 1]: readonly number[], node: Ast, { work }: Scope): number[] {
  const [from, to] = second === undefined ? [0, first] : [first, second]
  if (step === 0) return fail('the step of a range is a number other than 0', node)
  const count = Math.max(0, Math.ceil((to - from) / step))
  guard(node, () => work.roomForItems(count))
  return Array.from({ length: count }, (_, index) => from + index * step)
}

function compareAll(node: Extract<Ast, { typename: 'Compare' }>, scope: Scope): boolean {
  let left = need(evaluate(node.expr, scope), node.expr)
  return node.ops.every(({ expr, type }) => {
    const right = need(evaluate(expr, scope), expr)
    guard(node, () => scope.work.goThrough(right))
    const holds = compare(left, right, type, node)
    left = right
    return holds
  })
}

function binary(node: Extract<Ast, { typename: Binary }>, scope: Scope): unknown {
  const left = need(evaluate(node.left, scope), node.left)
  if (node.typename === 'And' || node.typename === 'Or') {
    const isDone = isTrue(left) === (node.typename === 'Or')
    return isDone ? left : need(evaluate(node.right, scope), node.right)
  }
  const right = need(evaluate(node.right, scope), node.right)
  return guard(node, () => scope.work.made(operate(node, left, right, scope)))
}

function operate(node: Extract<Ast, { typename: Binary }>, left: unknown, right: unknown, { work }: Scope): unknown {
  switch (node.typename) {
    case 'Concat':
      return toText(left) + toText(right)
    case 'In':
      work.goThrough(right)
      return contains(right, left, node)
    case 'Add':
      if (typeof left === 'string' && typeof right === 'string') return left + right
      if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right]
      break
    case 'Mod':
      if (typeof left === 'string') return filters.get('format')?.(left, [right].flat(), {}, work)
      break
    case 'Mul': {
      const [one, times] = typeof right === 'string' || Array.isArray(right) ? [right, left] : [left, right]
      if (typeof one === 'string') return work.repeat(one, toNumber(times, node))
      if (!Array.isArray(one)) break
      const count = Math.max(0, Math.trunc(toNumber(times, node)))
      work.roomForItems(one.length * count)
      return Array.from({ length: count }, () => one).flat()
    }
  }
  return arithmetic(node.typename, toNumeric(left, node), toNumeric(right, node), node)
}
