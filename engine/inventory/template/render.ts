import type { Ast } from './ast.ts'
import { fail } from './error.ts'
import { evaluate, type Names, need, type Scope } from './evaluate.ts'
import { isMapping, isTrue, toText } from './values.ts'

/** The output of a whole template as text. */
export function render(node: Ast, names: Names): string {
  return renderIn(node, { names, local: new Map() })
}

function renderIn(node: Ast, scope: Scope): string {
  switch (node.typename) {
    case 'Root':
    case 'NodeList':
      return node.children.map(child => renderIn(child, scope)).join('')
    case 'Output':
      return node.children.map(child => renderOutput(child, scope)).join('')
    case 'If': {
      const branch = isTrue(need(evaluate(node.cond, scope), node.cond)) ? node.body : node.else_
      return branch === null ? '' : renderIn(branch, scope)
    }
    case 'For':
      return renderFor(node, scope)
    case 'Set': {
      const value = node.value === null ? renderBody(node, scope) : evaluate(node.value, scope)
      for (const target of node.targets) if (target.typename === 'Symbol') scope.local.set(target.value, value)
      return ''
    }
    default:
      return fail(`{% ${node.typename.toLowerCase()} %} is not supported here`, node)
  }
}

/** None prints as nothing in Ansible. */
function renderOutput(node: Ast, scope: Scope): string {
  if (node.typename === 'TemplateData') return String(node.value)
  const value = need(evaluate(node, scope), node)
  return value === null ? '' : toText(value)
}

function renderFor(node: Extract<Ast, { typename: 'For' }>, scope: Scope): string {
  const given = need(evaluate(node.arr, scope), node.arr)
  const items = isMapping(given)
    ? Object.keys(given)
    : Array.isArray(given)
      ? given
      : typeof given === 'string'
        ? [...given]
        : undefined
  if (items === undefined) return fail('the loop needs a list', node.arr)
  if (items.length === 0) return node.else_ === null ? '' : renderIn(node.else_, scope)
  const targets = node.name.typename === 'Array' ? node.name.children : [node.name]
  return items
    .map((item, index) => {
      const local = new Map(scope.local)
      const loop = {
        index: index + 1,
        index0: index,
        first: index === 0,
        last: index === items.length - 1,
        length: items.length,
      }
      local.set('loop', loop)
      targets.forEach((target, position) => {
        const part = targets.length === 1 ? item : Array.isArray(item) ? item[position] : undefined
        if (target.typename === 'Symbol') local.set(target.value, part)
      })
      return renderIn(node.body, { ...scope, local })
    })
    .join('')
}

/** `{% set x %}…{% endset %}`. */
function renderBody(node: Extract<Ast, { typename: 'Set' }>, scope: Scope): string {
  const body = node.body?.typename === 'Capture' ? node.body.body : undefined
  return body === undefined ? '' : renderIn(body, { ...scope, local: new Map(scope.local) })
}
