import { createRequire } from 'node:module'
import type { Ast } from './ast.ts'

/** What of nunjucks' parser is used and taught here. */
interface Parser {
  parseAsRoot(): Ast
  parseStatement(): Ast | null
  parseIf(): Ast
  parseUnary(noFilters?: boolean): Ast
  parseNot(): Ast
  parseOr(): Ast
  parsePrimary(): Ast
  parseFilter(node: Ast): Ast
  parseFilterName(): Ast
  parseFilterArgs(node: Ast): readonly Ast[]
  parseInlineIf(): Ast
  parseAggregate(): Ast
  skip(type: string): boolean
  skipSymbol(name: string): boolean
  peekToken(): Token | null
  nextToken(): Token
}

interface Token {
  readonly type: string
  readonly value: string
  readonly lineno: number
  readonly colno: number
}

interface Nunjucks {
  readonly parser: { readonly Parser: new (tokens: unknown) => Parser }
  readonly lexer: { readonly lex: (text: string, options: { readonly trimBlocks: boolean }) => unknown }
  /** Teaches the parser slices; returns what undoes it. */
  readonly installJinjaCompat: () => () => void
}

/** nunjucks is loaded when the first template is met: most runs have none. */
const require = createRequire(import.meta.url)

/**
 * Jinja text as a syntax tree, by nunjucks' parser, where it differs from Jinja's taught otherwise. Throws what does
 * not parse.
 */
export function parseJinja(text: string): Ast {
  const nunjucks: Nunjucks = require('nunjucks')
  const uninstall = nunjucks.installJinjaCompat()
  try {
    // As Ansible's environment: the line break after a block is no part of the text.
    return new (jinjaParser(nunjucks))(nunjucks.lexer.lex(text, { trimBlocks: true })).parseAsRoot()
  } finally {
    uninstall()
  }
}

/**
 * An argument of a test without parentheses may begin with these (`is sameas none`, `is in [1]`), and not with these
 * words.
 */
const startsArgument = new Set([
  'symbol',
  'string',
  'int',
  'float',
  'boolean',
  'none',
  'left-paren',
  'left-bracket',
  'left-curly',
])
const endsTest = new Set(['else', 'or', 'and', 'is', 'if', 'in', 'not'])

/** A full stack is no error that could be caught: where V8 compiles a regular expression then, the process ends. */
const deepest = 400

function jinjaParser(nunjucks: Nunjucks): Nunjucks['parser']['Parser'] {
  return class extends nunjucks.parser.Parser {
    #depth = 0

    /** Whatever recurses comes through one of these; brackets are counted before. */
    override parseStatement(): Ast | null {
      return this.#deeper(() => super.parseStatement())
    }

    override parseIf(): Ast {
      return this.#deeper(() => super.parseIf())
    }

    override parseUnary(noFilters?: boolean): Ast {
      return this.#deeper(() => super.parseUnary(noFilters))
    }

    override parseNot(): Ast {
      return this.#deeper(() => super.parseNot())
    }

    #deeper<T>(parse: () => T): T {
      this.#depth += 1
      try {
        if (this.#depth > deepest) throw new Error('it is nested too deeply')
        return parse()
      } finally {
        // The parser tries some brackets twice.
        this.#depth -= 1
      }
    }

    /** `a if x else b if y else c`. */
    override parseInlineIf(): Ast {
      return this.#deeper(() => this.#inlineIf())
    }

    #inlineIf(): Ast {
      const body = this.parseOr()
      if (!this.skipSymbol('if')) return body
      const cond = this.parseOr()
      const { lineno, colno } = body
      const else_ = this.skipSymbol('else') ? this.parseInlineIf() : null
      return { typename: 'InlineIf', lineno, colno, cond, body, else_ }
    }

    /** Filters and tests bind alike, from left to right: `a | b is c | d`. */
    override parseFilter(node: Ast): Ast {
      let result = node
      for (;;) {
        if (this.skip('pipe')) result = this.#filter(result)
        else if (this.skipSymbol('is')) result = this.#test(result)
        else return result
      }
    }

    #filter(input: Ast): Ast {
      const name = this.parseFilterName()
      const { lineno, colno } = name
      const children = [input, ...this.parseFilterArgs(input)]
      return { typename: 'Filter', lineno, colno, name, args: { typename: 'NodeList', lineno, colno, children } }
    }

    #test(left: Ast): Ast {
      const isNot = this.skipSymbol('not')
      const at = this.peekToken()
      // `is none` and `is true` are no symbols to nunjucks.
      const word = at && (at.type === 'none' || at.type === 'boolean') ? this.nextToken().value : undefined
      const name: Ast =
        at && word !== undefined
          ? { typename: 'Symbol', lineno: at.lineno, colno: at.colno, value: word }
          : this.parseFilterName()
      const { lineno, colno } = name
      const hasBrackets = this.peekToken()?.type === 'left-paren'
      const children = hasBrackets ? this.parseFilterArgs(left) : this.#argument()
      const args: Ast = { typename: 'NodeList', lineno, colno, children }
      const right: Ast = { typename: 'FunCall', lineno, colno, name, args }
      const test: Ast = { typename: 'Is', lineno: left.lineno, colno: left.colno, left, right }
      return isNot ? { typename: 'Not', lineno, colno, target: test } : test
    }

    #argument(): readonly Ast[] {
      const next = this.peekToken()
      if (!next || !startsArgument.has(next.type) || endsTest.has(next.value)) return []
      return [this.parsePrimary()]
    }
  }
}
