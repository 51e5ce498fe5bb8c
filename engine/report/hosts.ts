/**
 * Names of hosts as one text, in the order in which people count, none of them lost: three or more that follow each
 * other are `node-1 … node-5`.
 */
export const hostList = (names: readonly string[]): string =>
  runsOf([...names].sort(collator.compare))
    .flatMap(run => (run.length < 3 ? run : [`${run[0]} … ${run.at(-1)}`]))
    .join(', ')

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
