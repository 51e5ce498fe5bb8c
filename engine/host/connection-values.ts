import type { Origin, Problem } from '../failure/index.ts'
import type { Host, Inventory, Variable } from '../inventory/index.ts'
import { hasControlCharacters, shownValue } from '../shell/index.ts'
import { readVar } from '../values/index.ts'

/**
 * What a value of a connection may be: it becomes a word of a command, so nothing in it may be taken for more than
 * that.
 */
interface Kind<T> {
  readonly expected: string
  readonly parse: (value: unknown) => T | undefined
  readonly secret?: boolean
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined

const textLike =
  (pattern: RegExp) =>
  (value: unknown): string | undefined => {
    const found = text(value)
    return found !== undefined && pattern.test(found) && !hasControlCharacters(found) ? found : undefined
  }

const wholeNumber =
  (smallest: number, largest: number) =>
  (value: unknown): number | undefined => {
    const number = typeof value === 'string' && /^[0-9]{1,9}$/.test(value) ? Number(value) : value
    return typeof number === 'number' && Number.isInteger(number) && number >= smallest && number <= largest
      ? number
      : undefined
  }

/** As ssh itself has it (ssh.c, valid_hostname and valid_ruser): a shell may see it, by ProxyCommand and the like. */
export const kinds = {
  address: {
    expected:
      'a name or an address: no spaces, control characters or signs that a shell reads, no dash at its beginning',
    parse: textLike(/^(?!-)[^\s'"`$\\;&<>|(){}]+$/),
  },
  user: {
    expected: 'a user: no spaces, control characters or signs that a shell reads, no dash at its beginning',
    parse: textLike(/^(?!-)(?!.*\\$)[^\s'"`;&<>|(){}]+$/),
  },
  port: { expected: 'a port: a whole number from 1 to 65535', parse: wholeNumber(1, 65535) },
  seconds: { expected: 'a number of seconds: a whole number, 1 or more', parse: wholeNumber(1, 999_999_999) },
  line: { expected: 'one line of text', parse: textLike(/^/) },
  secret: { expected: 'one line of text', parse: textLike(/^/), secret: true },
  /** Several words, as a shell splits them; a YAML block has line feeds. */
  words: {
    expected: 'words without control characters',
    parse: value => {
      const found = text(value)
      return found === undefined || hasControlCharacters(found.replace(/[\n\t]/g, ' ')) ? undefined : found
    },
  },
} as const satisfies Readonly<Record<string, Kind<string | number>>>

type KindName = keyof typeof kinds
type ValueOf<K extends KindName> = NonNullable<ReturnType<(typeof kinds)[K]['parse']>>

/** A host's connection variables. What is not as it must be is undefined and among the problems. */
export interface ConnectionValues {
  readonly read: <K extends KindName>(kind: K, ...names: readonly string[]) => ValueOf<K> | undefined
  /** The first of the variables that is set, whatever it is. */
  readonly raw: (...names: readonly string[]) => unknown
  readonly refuse: (problem: Problem) => void
  readonly problems: readonly Problem[]
}

export function connectionValues(inventory: Inventory, host: Host): ConnectionValues {
  const problems: Problem[] = []
  const first = (names: readonly string[]) => {
    const name = names.find(candidate => host.vars.has(candidate))
    return name === undefined ? undefined : { name, value: readVar(inventory, host, name) }
  }
  const read = <K extends KindName>(kind: K, ...names: readonly string[]): ValueOf<K> | undefined => {
    const found = first(names)
    if (found === undefined || found.value === undefined || found.value === null) return undefined
    // No words are words too: they take the place of a flag's.
    if (found.value === '' && kind !== 'words') return undefined
    const wrong = problemOf(kind, `host ${host.name}: ${found.name}`, found.value, host.vars.get(found.name))
    if (wrong) problems.push(wrong)
    return kinds[kind].parse(found.value) as ValueOf<K> | undefined
  }
  return { read, raw: (...names) => first(names)?.value, refuse: problem => problems.push(problem), problems }
}

/** What is wrong with a value of a connection, if anything. */
export function problemOf(
  kind: KindName,
  what: string,
  value: unknown,
  from: Pick<Variable, 'secret'> & { readonly origin?: Origin } = {},
): Problem | undefined {
  const { expected, parse, secret }: Kind<string | number> = kinds[kind]
  if (parse(value) !== undefined) return undefined
  const shown = secret || from.secret ? 'the secret value' : shownValue(value)
  return { message: `${what}: ${shown} is not ${expected}`, ...(from.origin ? { origin: from.origin } : {}) }
}

/** What is wrong with flags and settings: said once, for they are the same for all hosts. */
export const flagProblems = (flags: {
  readonly user?: string
  readonly becomeUser?: string
  readonly timeout?: number
}): readonly Problem[] =>
  [
    flags.user === undefined ? undefined : problemOf('user', '--user (remote_user)', flags.user),
    flags.becomeUser === undefined ? undefined : problemOf('user', '--become-user (become_user)', flags.becomeUser),
    flags.timeout === undefined ? undefined : problemOf('seconds', '--timeout (timeout)', flags.timeout),
  ].filter(problem => problem !== undefined)
