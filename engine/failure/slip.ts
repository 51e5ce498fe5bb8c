import { distance } from 'fastest-levenshtein'

/**
 * The names that are meant where somebody has mistyped one of them: stricter than `nearest`, for who does not know that
 * anything is wrong. A word more or less is another name, and so is another number; but who begins a name as others
 * begin, and goes on with a known one (`upgrade_node_` and `drain_grace_period`), has mixed up two. At most three, best
 * first.
 */
export function slipsOf(name: string, names: Names): readonly string[] {
  const mistyped = typed(name, names)
  return mistyped.length > 0 ? mistyped : mixedUp(name, names)
}

/** Names to be compared with many others. */
export interface Names {
  readonly byLength: ReadonlyMap<number, readonly Known[]>
  readonly all: ReadonlySet<string>
  /** How many begin so, by whole words. */
  readonly beginnings: ReadonlyMap<string, number>
}

interface Known {
  readonly name: string
  readonly squashed: string
  readonly letters: number
  readonly twice: number
}

/** Short ones are left out: everything is near them. */
export function namesToCompare(names: Iterable<string>): Names {
  const byLength = new Map<number, Known[]>()
  const beginnings = new Map<string, number>()
  const all = new Set<string>()
  for (const name of names) {
    const known = squash(name)
    if (known.squashed.length < shortest) continue
    all.add(name)
    byLength.set(known.squashed.length, [...(byLength.get(known.squashed.length) ?? []), known])
    for (const beginning of beginningsOf(name)) beginnings.set(beginning, (beginnings.get(beginning) ?? 0) + 1)
  }
  return { byLength, all, beginnings }
}

const shortest = 5

function typed(name: string, { byLength }: Names): readonly string[] {
  const own = squash(name)
  if (own.squashed.length < shortest) return []
  const found: { readonly name: string; readonly far: number }[] = []
  for (let length = own.squashed.length - 2; length <= own.squashed.length + 2; length += 1)
    for (const known of byLength.get(length) ?? []) {
      if (bits(known.letters ^ own.letters) + bits(known.twice ^ own.twice) > 4) continue
      const far = distance(own.squashed, known.squashed)
      if (far <= 2 && isSlip(name, known.name, far)) found.push({ name: known.name, far })
    }
  return found
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(known => known.name)
}

/** One that begins as several do, and is a known one of three words or more from there on. */
function mixedUp(name: string, names: Names): readonly string[] {
  for (const beginning of beginningsOf(name)) {
    const rest = name.slice(beginning.length + 1)
    if ((names.beginnings.get(beginning) ?? 0) < 2 || wordsOf(rest).length < 3) continue
    const meant = names.all.has(rest) ? [rest] : typed(rest, names)
    if (meant.length > 0) return meant
  }
  return []
}

/** `far`: edits from one to the other, without their underscores. */
function isSlip(name: string, known: string, far: number): boolean {
  if (name === known) return false
  if (far === 0) return true
  if (withoutDigits(squash(name).squashed) === withoutDigits(squash(known).squashed)) return false
  const [words, theirs] = [wordsOf(name), wordsOf(known)]
  if (words.length !== theirs.length) return far === 1 && !isWordMore(words, theirs) && !isWordMore(theirs, words)
  return words.every((word, at) => word === theirs[at] || isSlipOfWord(word, theirs[at] ?? ''))
}

/** And not just another word. */
function isSlipOfWord(word: string, meant: string): boolean {
  if (withoutDigits(word) === withoutDigits(meant)) return false
  const far = distance(word, meant)
  const long = Math.max(word.length, meant.length)
  if (far === 1) return long >= 4 || once(word) === once(meant)
  return far === 2 && (long >= 6 || isAnagram(word, meant))
}

const isAnagram = (one: string, other: string): boolean => [...one].sort().join('') === [...other].sort().join('')

/** `kube_version_a` is somebody's own. */
const isWordMore = (words: readonly string[], few: readonly string[]): boolean => {
  const more = words.length - few.length
  return more > 0 && (few.every((word, at) => word === words[at]) || few.every((word, at) => word === words[at + more]))
}

/** What is typed twice, once. */
const once = (word: string): string => word.replace(/(.)\1+/g, '$1')
const withoutDigits = (name: string): string => name.replace(/\d+/g, '')
const wordsOf = (name: string): readonly string[] => name.toLowerCase().split(/[_-]+/)
const beginningsOf = (name: string): readonly string[] =>
  [...name.matchAll(/(?<=.)_(?=.)/g)].map(({ index }) => name.slice(0, index))

/**
 * Its letters as bits, and those that it has twice. An edit changes two bits at most: names that differ in more than
 * four are not compared any further, which leaves a few of two thousand.
 */
function squash(name: string): Known {
  const squashed = name.toLowerCase().replace(/[_-]/g, '')
  let [letters, twice] = [0, 0]
  for (let at = 0; at < squashed.length; at += 1) {
    const bit = 1 << (squashed.charCodeAt(at) % 31)
    twice |= letters & bit
    letters |= bit
  }
  return { name, squashed, letters, twice }
}

function bits(mask: number): number {
  let left = mask - ((mask >>> 1) & 0x55555555)
  left = (left & 0x33333333) + ((left >>> 2) & 0x33333333)
  return (((left + (left >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24
}
