import type { Steps } from '../regexp/index.ts'
import { FilterError } from './error.ts'

/**
 * What a template may make, at most: characters of one text, items of one list or parts of one value, and how deep it
 * may be.
 */
export const mostText = 16 * 1024 * 1024
export const mostItems = 1_000_000
const deepest = 500

/** Steps for one variable of one host, with all that it is made from. A second or two. */
const mostSteps = 2_000_000
/** A full stack is no error that could be caught: where V8 compiles a regular expression then, the process ends. */
const deepestEvaluation = 500
/** What steps do not tell, such as a large mapping that is looked at again and again. */
const mostSeconds = 30
/** Steps between two looks at the clock. */
const betweenLooks = 64

/**
 * What the evaluation of one variable has cost so far. Every template that takes part in it counts here, so that loops
 * within loops and variables made from variables end at the same limit.
 */
export class Work {
  /** For patterns, whose steps are small. */
  readonly patterns: Steps = { spend: count => this.spend(count >>> 3) }
  #left = mostSteps
  /**
   * How deep the evaluation is: templates within variables within templates. Put back by whoever goes on after an
   * error.
   */
  depth = 0
  #nextLook = mostSteps - betweenLooks
  #until = Number.POSITIVE_INFINITY

  /** Counts, and says what there is too much of, if anything. */
  take(count: number): string | undefined {
    this.#left -= count
    if (this.#left < 0) return `it takes more than ${mostSteps} steps`
    return this.#left <= this.#nextLook ? this.#beyondLimits() : undefined
  }

  /** One step down: what is wrong with it, if anything. `leave` comes up again. */
  enter(): string | undefined {
    this.depth += 1
    if (this.depth > deepestEvaluation) return 'it is nested too deeply'
    return this.take(1)
  }

  leave(): void {
    this.depth -= 1
  }

  spend(count: number): void {
    const tooMuch = this.take(count)
    if (tooMuch !== undefined) throw new FilterError(tooMuch)
  }

  #beyondLimits(): string | undefined {
    this.#nextLook = this.#left - betweenLooks
    const now = performance.now()
    if (this.#until === Number.POSITIVE_INFINITY) this.#until = now + mostSeconds * 1000
    return now > this.#until ? `it takes more than ${mostSeconds} seconds` : undefined
  }

  /** A filter, a test or a call begins. */
  begin(): void {
    this.spend(1)
    const tooMuch = this.#beyondLimits()
    if (tooMuch !== undefined) throw new FilterError(tooMuch)
  }

  /** Before a value is gone through once: compared, searched. */
  goThrough(value: unknown): void {
    if (typeof value === 'string') this.spend(value.length >>> 5)
    else if (Array.isArray(value)) this.spend(value.length >>> 3)
  }

  /** Before a text is made: whether there is room for it. */
  roomForText(length: number): void {
    if (!(length <= mostText)) throw new FilterError(`the text would be longer than ${mostText} characters`)
    this.spend(length >>> 5)
  }

  roomForItems(count: number): void {
    if (!(count <= mostItems)) throw new FilterError(`the list would have more than ${mostItems} items`)
    this.spend(count >>> 2)
  }

  repeat(text: string, count: number): string {
    const times = Math.max(0, Math.trunc(count))
    this.roomForText(text.length * times)
    return text.repeat(times)
  }

  /** Joins without making more than may be. */
  join(parts: Iterable<string>, separator = ''): string {
    const all: string[] = []
    let length = -separator.length
    for (const part of parts) {
      length += part.length + separator.length
      if (length > mostText) this.roomForText(length)
      all.push(part)
    }
    this.roomForText(Math.max(0, length))
    return all.join(separator)
  }

  /** What has been made: whether it is not too large by itself. */
  made<T>(value: T): T {
    if (typeof value === 'string') this.roomForText(value.length)
    else if (Array.isArray(value)) this.roomForItems(value.length)
    return value
  }
}

/**
 * Whether a value can be walked through to its last part: printed, compared, handed on. Lists that hold one another
 * twice, again and again, are small in memory and endless to a reader. `inner` gives the parts of a value, or throws.
 */
export function measure(value: unknown, inner: (value: object) => Iterable<unknown>): void {
  let items = 0
  let characters = 0
  const visit = (part: unknown, depth: number): void => {
    items += 1
    if (typeof part === 'string') characters += part.length
    if (items > mostItems) throw new FilterError(`it has more than ${mostItems} parts`)
    if (characters > mostText) throw new FilterError(`its texts have more than ${mostText} characters`)
    if (typeof part === 'function') throw new FilterError('a method is no value: call it')
    if (typeof part !== 'object' || part === null) return
    if (depth >= deepest) throw new FilterError(`it is nested more than ${deepest} deep`)
    for (const next of inner(part)) visit(next, depth + 1)
  }
  visit(value, 0)
}
