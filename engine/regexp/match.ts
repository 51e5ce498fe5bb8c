import { isAsciiWord, isWord, variants } from './characters.ts'
import type { Program, Step } from './compile.ts'
import type { Place } from './tree.ts'

/** Counts what is done, and throws when it is too much. */
export interface Steps {
  readonly spend: (count: number) => void
}

/** Where each slot's place in the text is, -1 where it took no part. */
export type Slots = Int32Array

/** How many steps are made between two looks at the limit. */
const stride = 4096
/** Ways still open, what is to be put back, what has failed when all above it is done: numbers in pairs. */
const mostOpen = 1 << 25
const failure = -(1 << 30)
/** More memory than this for what was tried is not worth it: then only the steps are limited. 32 MiB. */
const mostPlaces = 1 << 28
const newline = 10

export class Matcher {
  readonly #program: Program
  readonly #text: string
  readonly #steps: Steps
  /** Which splits have failed at which place: whatever leads there, they fail again. */
  readonly #failed: Uint32Array | undefined
  #slots: Slots
  #open = new Int32Array(256)
  #top = 0
  #count = 0
  /** Where a match without any character would be the last one again. */
  #notEmptyAt = -1

  /** `remembers`: what matches depends on groups, so that trying again may help, and only the steps are limited. */
  constructor(program: Program, text: string, steps: Steps, remembers: boolean) {
    this.#program = program
    this.#text = text
    this.#steps = steps
    const places = program.splits * (text.length + 1)
    this.#failed = remembers || places > mostPlaces ? undefined : new Uint32Array((places >>> 5) + 1)
    this.#slots = new Int32Array(program.slots).fill(-1)
  }

  /** The first match at `from` or later; `mayBeEmpty` is about one at `from`. */
  search(from: number, mayBeEmpty = true): Slots | undefined {
    this.#notEmptyAt = mayBeEmpty ? -1 : from
    for (let start = this.#next(from); start >= 0; start = this.#next(this.#after(start))) {
      const found = this.#from(start)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** The match that begins at `start`. */
  at(start: number): Slots | undefined {
    this.#notEmptyAt = -1
    return this.#from(start)
  }

  #from(start: number): Slots | undefined {
    this.#slots.fill(-1)
    this.#top = 0
    return this.#run(0, start) < 0 ? undefined : this.#slots.slice()
  }

  /** The next place where a match can begin; -1 for none. */
  #next(from: number): number {
    const { prefix, start } = this.#program
    if (from > this.#text.length) return -1
    if (start === 'start') return from === 0 ? 0 : -1
    if (start === 'lineStart' && from > 0 && this.#text.charCodeAt(from - 1) !== newline) {
      const end = this.#text.indexOf('\n', from)
      return end < 0 ? -1 : end + 1
    }
    return prefix === '' ? from : this.#text.indexOf(prefix, from)
  }

  #after(index: number): number {
    return index + ((this.#text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1)
  }

  /** Runs from a step to `accept`: where that was, or -1. */
  #run(firstStep: number, from: number): number {
    const base = this.#top
    const { steps } = this.#program
    let pc = firstStep
    let index = from
    for (;;) {
      this.#count += 1
      if (this.#count >= stride) this.#pay()
      const step = steps[pc]
      if (step === undefined) return -1
      let isHeld = true
      pc += 1
      switch (step.kind) {
        case 'one': {
          const code = this.#text.codePointAt(index)
          isHeld = code !== undefined && step.is(code)
          if (code !== undefined) index += code > 0xffff ? 2 : 1
          break
        }
        case 'split':
          isHeld = this.#mayHold(step.id, index)
          if (isHeld) this.#push(step.second, index)
          pc = step.first
          break
        case 'jump':
          pc = step.to
          break
        case 'save':
          this.#save(step.slot, index)
          break
        case 'round':
          pc = this.#slots[step.slot] === index ? step.out : step.back
          break
        case 'at':
          isHeld = this.#isAt(step.place, index)
          break
        case 'same':
          index = this.#same(step, index)
          isHeld = index >= 0
          break
        case 'if':
          if ((this.#slots[step.index * 2 + 1] ?? -1) < 0) pc = step.no
          break
        case 'inner': {
          const end = this.#inner(step, pc, index)
          isHeld = end >= 0
          index = end
          pc = step.out
          break
        }
        case 'accept':
          isHeld = index !== this.#notEmptyAt || firstStep !== 0 || this.#slots[0] !== index
          if (isHeld) return index
      }
      if (isHeld) continue
      const way = this.#back(base)
      if (way < 0) return -1
      pc = this.#open[way] ?? 0
      index = this.#open[way + 1] ?? 0
    }
  }

  #pay(): void {
    this.#steps.spend(this.#count)
    this.#count = 0
  }

  /** What is left of the count is paid, too: many short matches are a long one. */
  end(): void {
    this.#pay()
  }

  /** Notes below its two ways that it has failed once both are done. */
  #mayHold(id: number, index: number): boolean {
    if (this.#failed === undefined) return true
    const place = id * (this.#text.length + 1) + index
    if (((this.#failed[place >>> 5] ?? 0) & (1 << (place & 31))) !== 0) return false
    this.#push(failure, place)
    return true
  }

  /** A look, or an atomic group: once it has matched, no other way through it is open. */
  #inner({ what, back }: Extract<Step, { kind: 'inner' }>, body: number, index: number): number {
    const start = this.#before(index, back)
    const base = this.#top
    const end = start < 0 ? -1 : this.#run(body, start)
    this.#close(base)
    if (what === 'lookNot') {
      if (end < 0) return index
      this.#back(base)
      return -1
    }
    return end < 0 || what === 'atomic' ? end : index
  }

  /** Leaves of what lies above `base` only what is to be put back. */
  #close(base: number): void {
    let top = base
    for (let at = base; at < this.#top; at += 2) {
      const kind = this.#open[at] ?? 0
      if (kind >= 0 || kind === failure) continue
      this.#open[top] = this.#open[at] ?? 0
      this.#open[top + 1] = this.#open[at + 1] ?? 0
      top += 2
    }
    this.#top = top
  }

  #before(index: number, characters: number): number {
    let at = index
    for (let left = characters; left > 0; left -= 1) {
      if (at <= 0) return -1
      at -= at > 1 && (this.#text.codePointAt(at - 2) ?? 0) > 0xffff ? 2 : 1
    }
    return at
  }

  #isAt(place: Place, index: number): boolean {
    const text = this.#text
    switch (place) {
      case 'start':
        return index === 0
      case 'lineStart':
        return index === 0 || text.charCodeAt(index - 1) === newline
      case 'end':
        return index === text.length
      case 'lastLine':
        return index === text.length || (index === text.length - 1 && text.charCodeAt(index) === newline)
      case 'lineEnd':
        return index === text.length || text.charCodeAt(index) === newline
      case 'word':
      case 'asciiWord':
        return this.#isEdge(index, place === 'word' ? isWord : isAsciiWord)
      default:
        return text !== '' && !this.#isEdge(index, place === 'noWord' ? isWord : isAsciiWord)
    }
  }

  #isEdge(index: number, is: (code: number) => boolean): boolean {
    const before = index > 0 ? this.#text.codePointAt(this.#before(index, 1)) : undefined
    const after = this.#text.codePointAt(index)
    return (before !== undefined && is(before)) !== (after !== undefined && is(after))
  }

  /** What a group has matched, once more: where that ends, or -1. */
  #same({ index: group, ignoresCase }: Extract<Step, { kind: 'same' }>, index: number): number {
    const [from, to] = [this.#slots[group * 2] ?? -1, this.#slots[group * 2 + 1] ?? -1]
    if (from < 0 || to < from) return -1
    this.#count += (to - from) >>> 4
    const wanted = this.#text.slice(from, to)
    if (this.#text.startsWith(wanted, index)) return index + wanted.length
    if (!ignoresCase) return -1
    let at = index
    for (const char of wanted) {
      const code = this.#text.codePointAt(at)
      this.#count += 1
      if (code === undefined || !variants(code).includes(char.codePointAt(0) ?? -1)) return -1
      at = this.#after(at)
    }
    return at
  }

  #push(a: number, b: number): void {
    if (this.#top + 2 > this.#open.length) {
      if (this.#open.length >= mostOpen) this.#steps.spend(Number.POSITIVE_INFINITY)
      const larger = new Int32Array(this.#open.length * 2)
      larger.set(this.#open)
      this.#open = larger
    }
    this.#open[this.#top] = a
    this.#open[this.#top + 1] = b
    this.#top += 2
  }

  #save(slot: number, value: number): void {
    this.#push(-1 - slot, this.#slots[slot] ?? -1)
    this.#slots[slot] = value
  }

  /** Puts back what was written since the newest open way, and gives its place; -1 when none is left. */
  #back(base: number): number {
    while (this.#top > base) {
      this.#top -= 2
      const a = this.#open[this.#top] ?? 0
      const b = this.#open[this.#top + 1] ?? -1
      if (a >= 0) return this.#top
      if (a !== failure) this.#slots[-1 - a] = b
      else if (this.#failed !== undefined) this.#failed[b >>> 5] = (this.#failed[b >>> 5] ?? 0) | (1 << (b & 31))
    }
    return -1
  }
}
