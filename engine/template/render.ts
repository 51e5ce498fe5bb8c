import type { Ast } from './ast.ts'
import { fail, guard } from './error.ts'
import { evaluate, need, newScope, type Outside, type Scope } from './evaluate.ts'
import { isMapping, isTrue, missing, namespaceOf, toText } from './values.ts'
import { mostText } from './work.ts'

/** The output of a whole template as text. */
export function render(node: Ast, outside: Outside): string {
  return renderIn(node, newScope(outside))
}

function renderIn(node: Ast, scope: Scope): string {
  const wrong = scope.work.enter()
  if (wrong !== undefined) fail(wrong, node)
  const text = textOf(node, scope)
  scope.work.leave()
  return text
}

function textOf(node: Ast, scope: Scope): string {
  switch (node.typename) {
    case 'Root':
    case 'NodeList':
      return joined(node, node.children, child => renderIn(child, scope), scope)
    case 'Output':
      return joined(node, node.children, child => renderOutput(child, scope), scope)
    case 'If': {
      const branch = isTrue(need(evaluate(node.cond, scope), node.cond)) ? node.body : node.else_
      return branch === null ? '' : renderIn(branch, scope)
    }
    case 'For':
      return renderFor(node, scope)
    case 'Set': {
      const value = node.value === null ? renderBody(node, scope) : evaluate(node.value, scope)
      for (const target of node.targets) assign(target, value, scope)
      return ''
    }
    default:
      return fail(`{% ${node.typename.toLowerCase()} %} is not supported here`, node)
  }
}

/**
 * What the parts give, one after the other, as far as there is room. No generator: loops go through here once a round.
 */
function joined<T>(node: Ast, parts: readonly T[], render: (part: T, index: number) => string, scope: Scope): string {
  const texts: string[] = []
  let length = 0
  for (const part of parts) {
    const text = render(part, texts.length)
    length += text.length
    if (length > mostText) guard(node, () => scope.work.roomForText(length))
    texts.push(text)
  }
  guard(node, () => scope.work.roomForText(length))
  return texts.length === 1 ? (texts[0] ?? '') : texts.join('')
}

/** A name, or a part of a namespace. */
function assign(target: Ast, value: unknown, scope: Scope): void {
  if (target.typename === 'Symbol') {
    scope.local.set(target.value, value)
    return
  }
  const inner = target.typename === 'LookupVal' ? namespaceOf(evaluate(target.target, scope)) : undefined
  if (inner === undefined || target.typename !== 'LookupVal' || target.val.typename !== 'Literal')
    fail('only a name, or a part of a namespace(), can be set', target)
  inner.set(toText(target.val.value), value)
}

/** None prints as nothing in Ansible. */
function renderOutput(node: Ast, scope: Scope): string {
  if (node.typename === 'TemplateData') return String(node.value)
  const value = need(evaluate(node, scope), node)
  return value === null ? '' : guard(node, () => toText(value))
}

function renderFor(node: Extract<Ast, { typename: 'For' }>, scope: Scope): string {
  // `for x in list if x.up`: to the parser it is an `if` without `else`.
  const filter = node.arr.typename === 'InlineIf' && node.arr.else_ === null ? node.arr.cond : undefined
  const source = node.arr.typename === 'InlineIf' && filter ? node.arr.body : node.arr
  const given = need(evaluate(source, scope), source)
  const every = isMapping(given)
    ? Object.keys(given)
    : Array.isArray(given)
      ? given
      : typeof given === 'string'
        ? [...given]
        : undefined
  if (every === undefined) return fail('the loop needs a list', source)
  const targets = node.name.typename === 'Array' ? node.name.children : [node.name]
  const inner = (item: unknown): Map<string, unknown> => {
    const local = new Map(scope.local)
    targets.forEach((target, position) => {
      const part = targets.length === 1 ? item : Array.isArray(item) ? item[position] : undefined
      if (target.typename === 'Symbol') local.set(target.value, part)
    })
    return local
  }
  const items = every.filter(
    item => filter === undefined || isTrue(need(evaluate(filter, { ...scope, local: inner(item) }), filter)),
  )
  if (items.length === 0) return node.else_ === null ? '' : renderIn(node.else_, scope)
  return joined(
    node,
    items,
    (item, index) => {
      const local = inner(item)
      const loop = {
        index: index + 1,
        index0: index,
        first: index === 0,
        last: index === items.length - 1,
        length: items.length,
        revindex: items.length - index,
        revindex0: items.length - index - 1,
        previtem: index > 0 ? items[index - 1] : missing('loop.previtem'),
        nextitem: index < items.length - 1 ? items[index + 1] : missing('loop.nextitem'),
      }
      local.set('loop', loop)
      return renderIn(node.body, { ...scope, local })
    },
    scope,
  )
}

/** `{% set x %}…{% endset %}`. */
function renderBody(node: Extract<Ast, { typename: 'Set' }>, scope: Scope): string {
  const body = node.body?.typename === 'Capture' ? node.body.body : undefined
  return body === undefined ? '' : renderIn(body, { ...scope, local: new Map(scope.local) })
}
