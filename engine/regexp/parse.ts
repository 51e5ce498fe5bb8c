import { classOf, ignoringCase } from './characters.ts'
import { type OneOf, type Place, type Tree, widthOf } from './tree.ts'

/** A pattern that Python would not take either, in Python's words, or one that is too large. */
export class RegexpError extends Error {}

export interface Parsed {
  readonly tree: Tree
  /** How many groups there are, without the whole match. */
  readonly groups: number
  readonly names: ReadonlyMap<string, number>
  /** Those given to it and those that it begins with. */
  readonly flags: string
  /** Whether what matches depends on what a group has matched before. */
  readonly remembers: boolean
}

interface State {
  readonly source: string
  readonly names: Map<string, number>
  /** The bodies of the groups that are closed. */
  readonly closed: Map<number, Tree>
  groups: number
  index: number
  depth: number
  remembers: boolean
  /** Within a look behind: how many groups there were before it. */
  before: number | undefined
  /** The highest group that a condition asks about; it may come later. */
  highest: number
}

/** Flags in effect: i, m, s, x and a. */
type Flags = string

/** Python's parser recurses, too; nobody nests groups as deep. */
const deepest = 100

/** Python's `re` syntax (Lib/re/_parser.py of 3.11), and JavaScript's `(?<name>…)`. Throws a RegexpError. */
export function parse(source: string, flags: Flags): Parsed {
  const start = { groups: 0, index: 0, depth: 0, remembers: false, before: undefined, highest: 0 }
  const state: State = { source, names: new Map(), closed: new Map(), ...start }
  const all = flags + globalFlags(state)
  const tree = readChoice(state, all)
  if (state.index < source.length) fail('unbalanced parenthesis', state)
  if (state.highest > state.groups) fail(`invalid group reference ${state.highest}`, state)
  return { tree, groups: state.groups, names: state.names, flags: all, remembers: state.remembers }
}

function fail(message: string, { index }: { readonly index: number }): never {
  throw new RegexpError(`${message} at position ${index}`)
}

function globalFlags(state: State): Flags {
  let flags = ''
  for (;;) {
    const match = /^\(\?([aimsux]+)\)/.exec(state.source.slice(state.index, state.index + 16))
    if (match === null) return flags
    flags += match[1]
    state.index += match[0].length
  }
}

const peek = ({ source, index }: State): string => source.charAt(index)

function take(state: State, text: string): boolean {
  if (!state.source.startsWith(text, state.index)) return false
  state.index += text.length
  return true
}

function until(state: State, close: string, what: string): string {
  const end = state.source.indexOf(close, state.index)
  if (end < 0) fail(`missing ${close}, unterminated ${what}`, state)
  const text = state.source.slice(state.index, end)
  state.index = end + close.length
  return text
}

function readChoice(state: State, flags: Flags): Tree {
  state.depth += 1
  if (state.depth > deepest) fail(`nested more than ${deepest} deep`, state)
  const parts = [readSequence(state, flags)]
  while (take(state, '|')) parts.push(readSequence(state, flags))
  state.depth -= 1
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'choice', parts }
}

function readSequence(state: State, flags: Flags): Tree {
  const parts: Tree[] = []
  for (;;) {
    const char = peek(state)
    if (char === '' || char === '|' || char === ')') return { kind: 'sequence', parts }
    if (flags.includes('x') && /[ \t\n\r\v\f]/.test(char)) {
      state.index += 1
      continue
    }
    if (flags.includes('x') && char === '#') {
      const end = state.source.indexOf('\n', state.index)
      state.index = end < 0 ? state.source.length : end + 1
      continue
    }
    const repeat = readRepeat(state)
    if (repeat !== undefined) {
      const body = parts.pop()
      if (body === undefined || body.kind === 'at') return fail('nothing to repeat', state)
      if (isRepeat(body)) return fail('multiple repeat', state)
      parts.push(made(repeat, body, state))
      continue
    }
    const piece = readPiece(state, flags)
    if (piece !== undefined) parts.push(piece)
  }
}

/** `a**` is an error. What is in brackets is a sequence, so that `(?:a*)*` is none. */
const isRepeat = (tree: Tree): boolean =>
  tree.kind === 'repeat' || (tree.kind === 'atomic' && tree.body.kind === 'repeat')

interface Repeat {
  readonly min: number
  readonly max: number
}

function made({ min, max }: Repeat, body: Tree, state: State): Tree {
  const isGreedy = !take(state, '?')
  const isPossessive = isGreedy && take(state, '+')
  const repeat: Tree = { kind: 'repeat', body, min, max, isGreedy }
  return isPossessive ? { kind: 'atomic', body: repeat } : repeat
}

function readRepeat(state: State): Repeat | undefined {
  const char = peek(state)
  const simple = { '*': [0, Number.POSITIVE_INFINITY], '+': [1, Number.POSITIVE_INFINITY], '?': [0, 1] }[char]
  if (simple !== undefined) {
    state.index += 1
    return { min: simple[0] ?? 0, max: simple[1] ?? 0 }
  }
  const match = char === '{' ? /^\{(\d*)(,?)(\d*)\}/.exec(state.source.slice(state.index, state.index + 64)) : null
  if (match === null || (match[1] === '' && match[2] === '')) return undefined
  const [whole, low = '', comma, high = ''] = match
  const min = Number(low)
  const max = comma === '' ? min : high === '' ? Number.POSITIVE_INFINITY : Number(high)
  if (min > max) return fail('min repeat greater than max repeat', state)
  state.index += whole.length
  return { min, max }
}

function readPiece(state: State, flags: Flags): Tree | undefined {
  if (take(state, '(')) return readGroup(state, flags)
  if (take(state, '[')) return one(readSet(state, flags))
  if (take(state, '\\')) return readEscape(state, flags)
  if (take(state, '^')) return at(flags.includes('m') ? 'lineStart' : 'start')
  if (take(state, '$')) return at(flags.includes('m') ? 'lineEnd' : 'lastLine')
  if (take(state, '.')) return one(flags.includes('s') ? () => true : code => code !== 10)
  return literal(readCode(state), flags)
}

const at = (place: Place): Tree => ({ kind: 'at', place })
const one = (is: OneOf): Tree => ({ kind: 'one', is })

function readCode(state: State): number {
  const code = state.source.codePointAt(state.index) ?? 0
  state.index += code > 0xffff ? 2 : 1
  return code
}

function literal(code: number, flags: Flags): Tree {
  const is: OneOf = other => other === code
  if (flags.includes('i')) return one(ignoringCase(is, flags.includes('a')))
  return { kind: 'one', is, literal: code }
}

function readGroup(state: State, flags: Flags): Tree | undefined {
  if (!take(state, '?')) return capture(state, flags, undefined)
  if (take(state, '#')) {
    until(state, ')', 'comment')
    return undefined
  }
  if (take(state, 'P<')) return capture(state, flags, until(state, '>', 'name'))
  if (take(state, 'P=')) return sameAs(state, flags, groupNamed(state, until(state, ')', 'name')))
  if (take(state, ':')) return closed(state, readChoice(state, flags))
  if (take(state, '>')) return { kind: 'atomic', body: closed(state, readChoice(state, flags)) }
  if (take(state, '=')) return { kind: 'look', isNegative: false, body: closed(state, readChoice(state, flags)) }
  if (take(state, '!')) return { kind: 'look', isNegative: true, body: closed(state, readChoice(state, flags)) }
  if (take(state, '<=')) return behind(state, flags, false)
  if (take(state, '<!')) return behind(state, flags, true)
  if (take(state, '<')) return capture(state, flags, until(state, '>', 'name'))
  if (take(state, '(')) return condition(state, flags)
  const match = /^([aimsux]*)(?:-([imsx]+))?:/.exec(state.source.slice(state.index, state.index + 32))
  if (match === null) {
    if (/^[aimsux]+\)/.test(state.source.slice(state.index, state.index + 16)))
      return fail('global flags not at the start of the expression', state)
    return fail(`unknown extension ?${peek(state)}`, state)
  }
  state.index += match[0].length
  const inner = [...flags].filter(flag => !match[2]?.includes(flag)).join('') + (match[1] ?? '')
  return closed(state, readChoice(state, inner.includes('u') ? inner.replace(/[au]/g, '') : inner))
}

function closed(state: State, tree: Tree): Tree {
  if (!take(state, ')')) fail('missing ), unterminated subpattern', state)
  return { kind: 'sequence', parts: [tree] }
}

function capture(state: State, flags: Flags, name: string | undefined): Tree {
  state.groups += 1
  const index = state.groups
  if (name !== undefined) {
    if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)) fail(`bad character in group name '${name}'`, state)
    if (state.names.has(name)) fail(`redefinition of group name '${name}'`, state)
    state.names.set(name, index)
  }
  const body = closed(state, readChoice(state, flags))
  state.closed.set(index, body)
  return { kind: 'group', index, body }
}

function groupNamed(state: State, name: string): number {
  const index = state.names.get(name)
  return index ?? fail(`unknown group name '${name}'`, state)
}

function sameAs(state: State, flags: Flags, index: number): Tree {
  if (index > state.groups) fail(`invalid group reference ${index}`, state)
  if (!state.closed.has(index)) fail('cannot refer to an open group', state)
  checkBehind(state, index)
  return { kind: 'same', index, ignoresCase: flags.includes('i') }
}

function checkBehind(state: State, index: number): void {
  if (state.before !== undefined && index > state.before)
    fail('cannot refer to group defined in the same lookbehind subpattern', state)
  state.remembers = true
}

function behind(state: State, flags: Flags, isNegative: boolean): Tree {
  const outer = state.before
  state.before ??= state.groups
  const body = closed(state, readChoice(state, flags))
  state.before = outer
  const [min, max] = widthOf(body, state.closed)
  if (min !== max) fail('look-behind requires fixed-width pattern', state)
  return { kind: 'look', body, isNegative, back: min }
}

function condition(state: State, flags: Flags): Tree {
  const name = until(state, ')', 'name')
  const index = /^\d+$/.test(name) ? Number(name) : groupNamed(state, name)
  if (index === 0) fail('bad group number', state)
  checkBehind(state, index)
  const yes = readSequence(state, flags)
  const no: Tree = take(state, '|') ? readSequence(state, flags) : { kind: 'sequence', parts: [] }
  if (peek(state) === '|') fail('conditional backref with more than two branches', state)
  state.highest = Math.max(state.highest, index)
  return closed(state, { kind: 'if', index, yes, no })
}

const controls: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 }

/** Outside of sets a number that may be a group is one. */
const octalOutside = /^(?:0[0-7]{0,2}|[1-7][0-7]{2})/
const octalInside = /^[0-7]{1,3}/

/** A character by its number; undefined for what means something else. */
function readCharacter(state: State, octals: RegExp): number | undefined {
  const rest = state.source.slice(state.index, state.index + 10)
  const match = /^(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/.exec(rest)?.[0]
  if (match !== undefined) {
    const code = Number.parseInt(match.slice(1), 16)
    if (code > 0x10ffff) return fail('bad escape', state)
    state.index += match.length
    return code
  }
  const octal = octals.exec(rest)?.[0]
  if (octal !== undefined) {
    const code = Number.parseInt(octal, 8)
    if (code > 0o377) fail(`octal escape value \\${octal} outside of range 0-0o377`, state)
    state.index += octal.length
    return code
  }
  return undefined
}

function readEscape(state: State, flags: Flags): Tree {
  const char = peek(state)
  if (char === '') return fail('bad escape (end of pattern)', state)
  const isAscii = flags.includes('a')
  const places: Readonly<Record<string, Place>> = {
    A: 'start',
    Z: 'end',
    b: isAscii ? 'asciiWord' : 'word',
    B: isAscii ? 'noAsciiWord' : 'noWord',
  }
  const place = Object.hasOwn(places, char) ? places[char] : undefined
  const known = place === undefined ? classOf(char, isAscii) : undefined
  if (place !== undefined || known !== undefined) {
    state.index += 1
    return known === undefined ? at(place ?? 'end') : one(flags.includes('i') ? ignoringCase(known, isAscii) : known)
  }
  const code = readCharacter(state, octalOutside)
  if (code !== undefined) return literal(code, flags)
  const number = /^[1-9]\d?/.exec(state.source.slice(state.index, state.index + 2))?.[0]
  if (number !== undefined) {
    state.index += number.length
    return sameAs(state, flags, Number(number))
  }
  return literal(plainEscape(state), flags)
}

function plainEscape(state: State): number {
  const char = peek(state)
  const control = Object.hasOwn(controls, char) ? controls[char] : undefined
  if (control === undefined && /[A-Za-z0-9]/.test(char)) return fail(`bad escape \\${char}`, state)
  const code = readCode(state)
  return control ?? code
}

function readSet(state: State, flags: Flags): OneOf {
  const isNegative = take(state, '^')
  const tests: OneOf[] = []
  const singles = new Set<number>()
  const ranges: (readonly [number, number])[] = []
  for (let isFirst = true; isFirst || !take(state, ']'); isFirst = false) {
    if (peek(state) === '') return fail('unterminated character set', state)
    const from = readMember(state, flags)
    const isRange = peek(state) === '-' && state.source.charAt(state.index + 1) !== ']'
    if (!isRange || state.index + 1 >= state.source.length) {
      if (typeof from === 'number') singles.add(from)
      else tests.push(from)
      continue
    }
    state.index += 1
    const to = readMember(state, flags)
    if (typeof from !== 'number' || typeof to !== 'number' || to < from) return fail('bad character range', state)
    ranges.push([from, to])
  }
  const is: OneOf = code =>
    singles.has(code) || ranges.some(([from, to]) => code >= from && code <= to) || tests.some(test => test(code))
  const folded = flags.includes('i') ? ignoringCase(is, flags.includes('a')) : is
  return isNegative ? code => !folded(code) : folded
}

/** One character of a set, or a class. */
function readMember(state: State, flags: Flags): number | OneOf {
  if (!take(state, '\\')) return readCode(state)
  const char = peek(state)
  if (char === '') return fail('unterminated character set', state)
  const known = classOf(char, flags.includes('a'))
  if (known === undefined) return readCharacter(state, octalInside) ?? plainEscape(state)
  state.index += 1
  return known
}
