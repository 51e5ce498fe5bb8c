import type { Ast } from './ast.ts'
import { parseJinja } from './jinja-parser.ts'

export class TemplateSyntaxError extends Error {}

// A memory of a pure function: a group's variable is the same text for thousands of hosts.
const trees = new Map<string, Ast>()

/** Jinja text as a syntax tree. */
export function parseTemplate(text: string): Ast {
  const known = trees.get(text)
  if (known) return known
  const tree = parse(text)
  trees.set(text, tree)
  return tree
}

function parse(text: string): Ast {
  try {
    return parseJinja(prepare(text))
  } catch (error) {
    throw new TemplateSyntaxError(messageOf(error))
  }
}

function messageOf(error: unknown): string {
  // The parser looks at the token after the last one.
  if (error instanceof TypeError) return 'unexpected end of the template'
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
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
