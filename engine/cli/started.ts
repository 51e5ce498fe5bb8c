import { type Problem, refused } from '../failure/index.ts'
import { extraVarsIn } from '../inventory/index.ts'
import type { AskedFlag } from '../journal/index.ts'
import type { MadeOf } from '../runs/index.ts'
import type { Redactor } from '../secrets/index.ts'
import { extraVars } from './asked.ts'
import type { GivenFlag } from './flags.ts'
import { codeOf, type SumOf } from './made-of.ts'
import type { PreparedRun } from './prepare-run.ts'
import { rotaVersion } from './version.ts'

/** What is different where a run is made again from its journal, or from a plan. */
export interface Anew {
  /** `run X was started`, `the plan x.yml was made`. */
  readonly made: string
  /** What may be said, whatever the run was started with. */
  readonly free: readonly string[]
  /** What else may be said: one of some that belong together takes the place of them all. */
  readonly together: readonly (readonly string[])[]
  /** What becomes of the run, as the end of a sentence; and what to do instead of saying more. */
  readonly otherwise: string
  readonly hint: string
}

/** What a run would be made of now. */
export function madeOfNow(
  { playbook, reads }: Pick<PreparedRun, 'playbook' | 'reads'>,
  redactor: Redactor,
  sumOf?: SumOf,
): MadeOf {
  const shown = <T extends { readonly path: string }>(one: T) => ({ ...one, path: redactor.text(one.path) })
  return {
    version: rotaVersion(),
    inventory: reads.digests(sumOf).map(shown),
    code: codeOf(playbook.file, sumOf).map(shown),
  }
}

/** How the hosts and vaults are logged in to: said anew, it takes the place of what was said then. */
const credentials: readonly (readonly string[])[] = [
  ['--ask-pass', '--connection-password-file', '--conn-pass-file'],
  ['--ask-become-pass', '--become-password-file', '--become-pass-file'],
  ['--ask-jump-pass'],
  ['--vault-id', '--vault-password-file', '--vault-pass-file', '--ask-vault-pass', '--ask-vault-password'],
]
const sources: readonly string[] = ['--inventory', '--inventory-file']

/** The flags of the run, with what was kept out of its journal, and what is said anew. */
export function merged(stored: readonly AskedFlag[], given: readonly GivenFlag[], anewOf: Anew): readonly GivenFlag[] {
  const { made, free, together } = anewOf
  const replaced = (flag: string) => [...credentials, sources, ...together].find(group => group.includes(flag)) ?? []
  const anew = new Set(given.flatMap(({ flag }) => (free.includes(flag) ? [flag] : replaced(flag))))
  const missing = stored.flatMap(one => ('secret' in one && !anew.has(one.flag) ? one.secret : []))
  const isKnown = (one: GivenFlag) =>
    stored.some(
      old =>
        old.flag === one.flag && 'value' in old === 'value' in one && !('secret' in old) && old.value === one.value,
    )
  const problems: Problem[] = []
  const again = new Map<string, GivenFlag[]>()
  for (const one of given) {
    if (anew.has(one.flag) || isKnown(one)) continue
    const names = one.flag === extraVars ? extraVarsIn(one.value ?? '').map(({ name }) => name) : [one.flag]
    const others = names.filter(name => !missing.includes(name))
    if (others.length === 0) for (const name of names) again.set(name, [...(again.get(name) ?? []), one])
    else problems.push(otherThan(anewOf, one, others, stored))
  }
  const left = missing.filter(name => !again.has(name))
  for (const name of new Set(left))
    problems.push({
      message: `${made} with ${name.startsWith('--') ? name : `the extra variable ${name}`}, whose value is a secret and is not kept`,
      hint: `give it again: ${name.startsWith('--') ? `${name} …` : `-e ${name}=…, or a file with it: -e @FILE`}`,
    })
  if (problems.length > 0) throw refused(problems)
  const placed = new Set<GivenFlag>()
  const inPlace = stored.flatMap((one): readonly GivenFlag[] => {
    if (anew.has(one.flag)) return []
    if (!('secret' in one)) return [one]
    const here = one.secret.flatMap(name => again.get(name) ?? []).filter(word => !placed.has(word))
    for (const word of here) placed.add(word)
    return [...new Set(here)]
  })
  return [...inPlace, ...given.filter(({ flag }) => anew.has(flag))]
}

function otherThan(
  { made, otherwise, hint }: Anew,
  { flag, value }: GivenFlag,
  names: readonly string[],
  stored: readonly AskedFlag[],
): Problem {
  const what =
    flag === extraVars ? `-e ${names.join(', ')}` : wordOf({ flag, ...(value === undefined ? {} : { value }) })
  const then = stored.flatMap(one => {
    if (one.flag !== flag || 'secret' in one) return []
    if (flag !== extraVars) return [wordOf(one)]
    const set = one.value === undefined || one.value.startsWith('@') ? [] : extraVarsIn(one.value)
    return set.some(({ name }) => names.includes(name)) ? [wordOf(one)] : []
  })
  const said = then.length > 0 ? `with ${then.join(' ')}` : 'without it'
  return { message: `${what}: ${made} ${said}, and ${otherwise}`, hint }
}

const wordOf = ({ flag, value }: GivenFlag): string => (value === undefined ? flag : `${flag} ${value}`)

/** The command line that these flags are. */
export const wordsOf = (flags: readonly GivenFlag[]): readonly string[] =>
  flags.map(({ flag, value }) => (value === undefined ? flag : `${flag}=${value}`))
