import { type Parsed, RegexpError } from './parse.ts'
import { type OneOf, type Place, type Tree, widthOf } from './tree.ts'

/** One step of the matcher. Where it says nothing else, the next one follows. */
export type Step =
  | { readonly kind: 'one'; readonly is: OneOf }
  /** Both ways are open, `first` is preferred. `id` counts these steps: what was tried in vain is not tried again. */
  | { readonly kind: 'split'; first: number; second: number; readonly id: number }
  | { readonly kind: 'jump'; to: number }
  /** Writes down where the match is: in a group, or at the begin of a round of a repeat. */
  | { readonly kind: 'save'; readonly slot: number }
  /** The end of a round: a round without any character is the last one. */
  | { readonly kind: 'round'; readonly slot: number; readonly back: number; out: number }
  | { readonly kind: 'at'; readonly place: Place }
  | { readonly kind: 'same'; readonly index: number; readonly ignoresCase: boolean }
  | { readonly kind: 'if'; readonly index: number; no: number }
  /** A match of its own, from the next step to an `accept`. */
  | { readonly kind: 'inner'; readonly what: 'atomic' | 'look' | 'lookNot'; readonly back: number; out: number }
  | { readonly kind: 'accept' }

export interface Program {
  readonly steps: readonly Step[]
  readonly splits: number
  /** Two for each group, the whole match first, then one for each repeat whose round may be empty. */
  readonly slots: number
  /** What any match begins with. */
  readonly prefix: string
  readonly start: 'anywhere' | 'start' | 'lineStart'
}

/** More than this is written by nobody: `(a{1000}){1000}`. */
const mostSteps = 100_000
const tooLarge = 'it repeats too much: it is too large to be run'

export function compile({ tree, groups }: Parsed): Program {
  const writer = new Writer(groups)
  writer.write({ kind: 'group', index: 0, body: tree })
  writer.add({ kind: 'accept' })
  const { steps, splits, slots } = writer
  return { steps, splits, slots, ...beginningOf(tree) }
}

class Writer {
  readonly steps: Step[] = []
  splits = 0
  slots: number
  #pieces = 0

  constructor(groups: number) {
    this.slots = (groups + 1) * 2
  }

  add<T extends Step>(step: T): T {
    if (this.steps.length >= mostSteps) throw new RegexpError(tooLarge)
    this.steps.push(step)
    return step
  }

  write(tree: Tree): void {
    // What writes nothing takes time, too, when it is repeated: `(?:){1000000000}`.
    this.#pieces += 1
    if (this.#pieces > mostSteps) throw new RegexpError(tooLarge)
    switch (tree.kind) {
      case 'one':
        this.add({ kind: 'one', is: tree.is })
        return
      case 'sequence':
        for (const part of tree.parts) this.write(part)
        return
      case 'choice':
        this.#choice(tree.parts)
        return
      case 'repeat':
        this.#repeat(tree)
        return
      case 'group':
        this.add({ kind: 'save', slot: tree.index * 2 })
        this.write(tree.body)
        this.add({ kind: 'save', slot: tree.index * 2 + 1 })
        return
      case 'atomic':
        this.#inner('atomic', tree.body, 0)
        return
      case 'look':
        this.#inner(tree.isNegative ? 'lookNot' : 'look', tree.body, tree.back ?? 0)
        return
      case 'if':
        this.#condition(tree)
        return
      default:
        this.add(tree)
    }
  }

  #split(): Extract<Step, { kind: 'split' }> {
    this.splits += 1
    return this.add({ kind: 'split', first: 0, second: 0, id: this.splits - 1 })
  }

  #choice(parts: readonly Tree[]): void {
    const ends = parts.map((part, index) => {
      const isLast = index === parts.length - 1
      const split = isLast ? undefined : this.#split()
      if (split) split.first = this.steps.length
      this.write(part)
      const end = isLast ? undefined : this.add({ kind: 'jump', to: 0 })
      if (split) split.second = this.steps.length
      return end
    })
    for (const end of ends) if (end) end.to = this.steps.length
  }

  /** As often as it must be, then as often as it may be, each round with a way out. */
  #repeat({ body, min, max, isGreedy }: Extract<Tree, { kind: 'repeat' }>): void {
    for (let round = 0; round < min; round += 1) this.write(body)
    if (max <= min) return
    const isEndless = max === Number.POSITIVE_INFINITY
    const mayBeEmpty = widthOf(body, new Map())[0] === 0
    const slot = this.slots
    if (mayBeEmpty) this.slots += 1
    const outs: ((to: number) => void)[] = []
    for (let round = min; round < (isEndless ? min + 1 : max); round += 1) {
      const here = this.steps.length
      const split = this.#split()
      const inside = this.steps.length
      if (isGreedy) split.first = inside
      else split.second = inside
      outs.push(to => {
        if (isGreedy) split.second = to
        else split.first = to
      })
      if (mayBeEmpty) this.add({ kind: 'save', slot })
      this.write(body)
      if (mayBeEmpty) {
        const end = this.add({ kind: 'round', slot, back: isEndless ? here : this.steps.length + 1, out: 0 })
        outs.push(to => {
          end.out = to
        })
      } else if (isEndless) {
        this.add({ kind: 'jump', to: here })
      }
    }
    for (const set of outs) set(this.steps.length)
  }

  #inner(what: 'atomic' | 'look' | 'lookNot', body: Tree, back: number): void {
    const inner = this.add({ kind: 'inner', what, back, out: 0 })
    this.write(body)
    this.add({ kind: 'accept' })
    inner.out = this.steps.length
  }

  #condition({ index, yes, no }: Extract<Tree, { kind: 'if' }>): void {
    const test = this.add({ kind: 'if', index, no: 0 })
    this.write(yes)
    const end = this.add({ kind: 'jump', to: 0 })
    test.no = this.steps.length
    this.write(no)
    end.to = this.steps.length
  }
}

/** So that most of a long text need not be looked at: what the pattern can only begin with, or where. */
function beginningOf(tree: Tree): Pick<Program, 'prefix' | 'start'> {
  let prefix = ''
  for (const part of leading(tree)) {
    if (part.kind === 'at' && prefix === '' && (part.place === 'start' || part.place === 'lineStart'))
      return { prefix, start: part.place }
    if (part.kind !== 'one' || part.literal === undefined) break
    prefix += String.fromCodePoint(part.literal)
  }
  return { prefix, start: 'anywhere' }
}

function leading(tree: Tree): readonly Tree[] {
  if (tree.kind === 'group') return leading(tree.body)
  return tree.kind === 'sequence' ? flat(tree.parts) : [tree]
}

/** Only the first part is looked into: what comes after is as it stands. */
function flat(parts: readonly Tree[]): readonly Tree[] {
  const [first, ...rest] = parts
  if (first === undefined) return rest
  return first.kind === 'sequence' || first.kind === 'group' ? [...leading(first), ...rest] : parts
}
