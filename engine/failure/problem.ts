import { distance } from 'fastest-levenshtein'

/** `file:line:column: message (hint)`, the form editors and terminals make clickable. */
export function formatProblem(problem: Problem): string {
  const { origin, hint } = problem
  const place = origin === undefined ? '' : `${formatOrigin(origin)}: `
  return `${place}${messageWithFinder(problem)}${hint === undefined ? '' : ` (${hint})`}`
}

export const messageWithFinder = ({ message, foundBy }: Problem): string =>
  foundBy === undefined ? message : `${message} (${foundBy})`

/** Each once, whoever found it: the same wrong value in a group is the same problem for each of its hosts and roles. */
export function uniqueProblems(problems: readonly Problem[]): readonly Problem[] {
  const known = new Map<string, Problem>()
  for (const problem of problems) {
    const key = formatProblem({ message: problem.message, ...(problem.origin && { origin: problem.origin }) })
    if (!known.has(key)) known.set(key, problem)
  }
  return [...known.values()]
}

export function formatOrigin({ file, line, column }: Origin): string {
  return `${file}:${line}:${column}`
}

/** The names a mistyped one may have meant, best first, at most three. */
export function nearest(name: string, names: Iterable<string>): readonly string[] {
  const allowed = name.length < 4 ? 1 : Math.max(2, Math.floor(name.length / 3))
  return [...new Set(names)]
    .map(candidate => ({ candidate, far: slips(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ far }) => far <= allowed)
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** Swapped letters are one slip. */
function slips(a: string, b: string): number {
  const isSwap = a.length === b.length && [...a].sort().join('') === [...b].sort().join('')
  return a === b ? 0 : isSwap ? 1 : distance(a, b)
}

export const didYouMean = (name: string, names: Iterable<string>): { hint?: string } => meant(nearest(name, names))

/** As a hint, where there are any. */
export const meant = (names: readonly string[]): { hint?: string } =>
  names.length === 0 ? {} : { hint: `did you mean ${names.join(' or ')}?` }

/** Where a value stood. Line and column count from 1; the file is named as the user named it. */
export interface Origin {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** One thing wrong with what the user gave, for people to read. */
export interface Problem {
  readonly message: string
  /** Whose look at a value it was: `role haproxy`. */
  readonly foundBy?: string
  readonly origin?: Origin
  readonly hint?: string
}
