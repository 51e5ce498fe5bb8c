import { createRequire } from 'node:module'
import type { Ast } from './ast.ts'

interface Nunjucks {
  readonly parser: { readonly parse: (text: string) => Ast }
  /** Teaches the parser slices; returns what undoes it. */
  readonly installJinjaCompat: () => () => void
}

export class TemplateSyntaxError extends Error {}

/** nunjucks is loaded when the first template is met: most runs have none. */
const require = createRequire(import.meta.url)

// A memory of a pure function: a group's variable is the same text for thousands of hosts.
const trees = new Map<string, Ast>()

/** Jinja text as a syntax tree, by nunjucks' parser. */
export function parseTemplate(text: string): Ast {
  const known = trees.get(text)
  if (known) return known
  const tree = parse(text)
  trees.set(text, tree)
  return tree
}

function parse(text: string): Ast {
  const nunjucks: Nunjucks = require('nunjucks')
  const uninstall = nunjucks.installJinjaCompat()
  try {
    return nunjucks.parser.parse(prepare(text))
  } catch (error) {
    throw new TemplateSyntaxError(error instanceof Error ? error.message.split('\n')[0] : String(error))
  } finally {
    uninstall()
  }
}

/** A comment, a raw block, or the begin of code: what decides how the text that follows is read. */
const opening = /\{#[\s\S]*?#\}|\{%-?\s*raw\s*-?%\}[\s\S]*?\{%-?\s*endraw\s*-?%\}|\{\{|\{%/g

/**
 * Makes nunjucks read as Jinja does, inside braces only: an unknown escape in a string keeps its backslash (`'\d'`), and the
 * `}}` of nested mappings does not end the expression.
 */
function prepare(text: string): string {
  let result = ''
  let from = 0
  for (const match of text.matchAll(opening)) {
    if (match.index < from || match[0].length > 2) continue
    const end = endOfCode(text, match.index + 2, match[0] === '{{' ? '}}' : '%}')
    result += text.slice(from, match.index) + rewriteCode(text.slice(match.index, end))
    from = end
  }
  return result + text.slice(from)
}

const string = /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"/y

function endOfCode(text: string, start: number, close: string): number {
  let depth = 0
  for (let index = start; index < text.length; index += 1) {
    string.lastIndex = index
    const quoted = string.exec(text)?.[0]
    if (quoted !== undefined) index += quoted.length - 1
    else if (depth === 0 && text.startsWith(close, index)) return index + 2
    else if (text.charAt(index) === '{') depth += 1
    else if (text.charAt(index) === '}') depth = Math.max(0, depth - 1)
  }
  return text.length
}

/** Brackets apart, so that only the last two are the end. */
function rewriteCode(code: string): string {
  const body = code.slice(0, -2).replace(/'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"|\}/g, part => {
    return part === '}' ? '} ' : part.replace(/\\([^\\'"nrt])/g, '\\\\$1')
  })
  return body + code.slice(-2)
}
