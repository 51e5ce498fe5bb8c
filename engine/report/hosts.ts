/**
 * Names of hosts as one text, in the order in which people count, none of them lost: three or more that follow each
 * other are `node-1 … node-5`.
 */
export const hostList = (names: readonly string[]): string => hostWords(names).join(', ')

/** The same as a list of names and of `first … last`. */
export const hostWords = (names: readonly string[]): readonly string[] =>
  runsOf([...names].sort(collator.compare)).flatMap(run => (run.length < 3 ? run : [`${run[0]}${upTo}${run.at(-1)}`]))

const upTo = ' … '

/** The names again. Throws where one is no name, and no list of names that count up. */
export function hostsNamed(words: readonly string[]): readonly string[] {
  return words.flatMap(word => {
    const [first = '', last, ...more] = word.split(upTo)
    if (last === undefined) return [first]
    const names = more.length > 0 ? [] : countedUp(first, last)
    if (names.length < 3) throw new Error(`${word} is no list of hosts`)
    return names
  })
}

/** As many as a list may name. */
const longest = 1_000_000

/** All from the first to the last, which differ in one number; none where they do not. */
function countedUp(first: string, last: string): readonly string[] {
  const [from, to] = [first.split(/(\d+)/), last.split(/(\d+)/)]
  const differ = from.flatMap((part, at) => (part === to[at] ? [] : [at]))
  const [at = 0] = differ
  const [start, end] = [from[at] ?? '', to[at] ?? '']
  const count = Number(end) - Number(start) + 1
  if (from.length !== to.length || differ.length !== 1 || at % 2 === 0 || !(count > 0 && count < longest)) return []
  const width = start.length
  return [...Array(count).keys()].map(step =>
    from.map((part, index) => (index === at ? String(Number(start) + step).padStart(width, '0') : part)).join(''),
  )
}

const collator = new Intl.Collator('en', { numeric: true })

function runsOf(names: readonly string[]): readonly (readonly string[])[] {
  const runs: string[][] = []
  /** Which of its numbers counts up. */
  let counts: number | undefined
  for (const name of names) {
    const run = runs.at(-1)
    const before = run?.at(-1)
    const at = before === undefined ? undefined : nextAt(before, name)
    if (run && at !== undefined && (run.length === 1 || at === counts)) {
      run.push(name)
      counts = at
    } else runs.push([name])
  }
  return runs
}

/** The place of the only number in which two names differ, where the second has the one that follows, as wide. */
function nextAt(name: string, next: string): number | undefined {
  const [before, after] = [name.split(/(\d+)/), next.split(/(\d+)/)]
  const differ = after.flatMap((part, at) => (part === before[at] ? [] : [at]))
  const [at = 0] = differ
  const number = before[at] ?? ''
  const isNext = after[at] === String(Number(number) + 1).padStart(number.length, '0')
  const isOnly = before.length === after.length && differ.length === 1 && at % 2 === 1
  return isOnly && isNext && number.length < 16 ? at : undefined
}

/** Who is meant, for the beginning of a line; `below` are lines of their own for names that are too many for it. */
export function whoIn(names: readonly string[]): { readonly who: string; readonly below: readonly string[] } {
  const [only = ''] = names
  if (names.length < 2) return { who: only, below: [] }
  const list = hostList(names)
  if (list.length > most) return { who: `${names.length} hosts`, below: wrapped(list) }
  return { who: list.includes('…') ? `${list} (${names.length} hosts)` : list, below: [] }
}

const most = 60

function wrapped(list: string): readonly string[] {
  const lines: string[] = []
  for (const name of list.split(', ')) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + name.length < 100) lines[lines.length - 1] = `${line}, ${name}`
    else {
      if (line !== undefined) lines[lines.length - 1] = `${line},`
      lines.push(`    ${line === undefined ? 'on ' : '   '}${name}`)
    }
  }
  return lines
}
