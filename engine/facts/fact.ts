/**
 * A fact is something read from a host: what is at a path, the state of a unit, the version of a package. A kind of
 * fact knows how to read any number of them at once (`probe`) and how to read the answer (`parse`); that is the whole
 * reason why a run without changes costs one program, whatever the number of tasks.
 */
export interface FactKind<A = unknown, T = unknown> {
  readonly name: string
  /** Names of arguments that are in no argument list on the host: only these may hold a secret. */
  readonly unseen?: readonly string[]
  /** The probe runs twice, before those of all other kinds and after them: `parse` gets both answers. */
  readonly brackets?: true
  /** Bytes that one fact may take, where that is not as usual (2 MiB): with more the host is given up. */
  readonly longest?: number
  /**
   * Shell text (no `set -e`) that prints the facts for all these arguments to stdout, with as few processes as can be.
   * What it prints is captured as text: encode content in base64. It must work in dash, bash and busybox sh and must
   * not change anything. The kinds share a shell: no `exit`, no `cd` outside of brackets, variables are set before they
   * are read, and a function has a name that no program has.
   */
  readonly probe: (args: readonly A[]) => string
  /**
   * What of a fact is the same for as long as nobody changes the host: a plan that is kept in a file is compared by it.
   * Default: all of it; undefined: nothing.
   */
  lasting?(fact: T): unknown
  /** The facts in the order of the arguments. Throws when the output is not what `probe` prints. */
  readonly parse: (output: string, args: readonly A[], span?: Span) => readonly T[]
}

/** When a probe was asked for, and when it had answered: seconds of a clock of this machine that nobody sets. */
export interface Span {
  readonly asked: number
  readonly answered: number
}

/**
 * One fact that somebody needs: its kind and its argument. Equal kind and equal JSON of the argument is the same fact.
 */
export interface FactRequest<T = unknown> {
  // The argument type is private to the kind; `unknown` in both places keeps requests of all kinds in one list.
  readonly kind: FactKind<never, T>
  readonly args: unknown
}

/** Facts of one host at one moment. Asking for a fact that was not probed is a programming error and throws. */
export interface Facts {
  readonly get: <T>(request: FactRequest<T>) => T
}

/** `const path = defineFact<PathArgs, PathFact>({…})` gives the maker of requests: `path({ path: '/etc/hosts' })`. */
export function defineFact<A, T>(
  kind: FactKind<A, T>,
): ((args: A) => FactRequest<T>) & { readonly kind: FactKind<A, T> } {
  const request = (args: A): FactRequest<T> => ({ kind: kind as unknown as FactKind<never, T>, args })
  return Object.assign(request, { kind })
}

/** Facts asked for by name: what a computed value, a gate or a step needs. */
export type FactMap = Readonly<Record<string, FactRequest>>
/** What the facts of a map were found to be, under the same names. */
export type FactValues<M extends FactMap> = { readonly [K in keyof M]: M[K] extends FactRequest<infer T> ? T : never }

export const valuesOf = <M extends FactMap>(requests: M, facts: Facts): FactValues<M> =>
  Object.fromEntries(Object.entries(requests).map(([name, request]) => [name, facts.get(request)])) as FactValues<M>

/** Identity of a request among others. */
export const factKey = (request: FactRequest): string => `${request.kind.name} ${JSON.stringify(request.args)}`

/** Facts from a table, keyed by `factKey`. */
export function factsFrom(table: ReadonlyMap<string, unknown>): Facts {
  return {
    get: request => {
      const key = factKey(request)
      if (!table.has(key)) throw new Error(`fact was not probed: ${key}`)
      return table.get(key) as never
    },
  }
}

/** Facts of which some are known better by now. */
export function withFacts(facts: Facts, newer: readonly (readonly [FactRequest, unknown])[]): Facts {
  const table = new Map(newer.map(([request, value]) => [factKey(request), value]))
  return {
    get: request => {
      const key = factKey(request)
      return table.has(key) ? (table.get(key) as never) : facts.get(request)
    },
  }
}

/** Facts for tests and examples: pairs of request and value. */
export const factTable = (...pairs: readonly (readonly [FactRequest, unknown])[]): Facts =>
  factsFrom(new Map(pairs.map(([request, value]) => [factKey(request), value])))
