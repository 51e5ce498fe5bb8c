import { formatProblem, type Problem } from './problem.ts'

/**
 * Why something is not done, in the four ways that matter to whoever has asked for it:
 * - `refused`: what was asked for can't be right. All of it at once, each problem with its place; nothing has been
 *   done.
 * - `failed`: a host, or what runs there, did not do what it should.
 * - `unreachable`: the host can't be talked to (any more).
 * - `interrupted`: the operator has stopped it.
 */
export type Reason =
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  | (Told & { readonly kind: 'failed'; readonly output?: string })
  | (Told & { readonly kind: 'unreachable'; readonly host: string; readonly obstacle: Obstacle })
  | (Told & { readonly kind: 'interrupted' })

interface Told {
  /** Role and task, as far as there are any. */
  readonly where?: readonly string[]
  /** What the operator can do about it. */
  readonly hint?: string
}

/** What keeps us from a host. */
export type Obstacle = 'connect' | 'authentication' | 'host-key' | 'become' | 'lock' | 'lost' | 'protocol' | 'timeout'

type Kind = Reason['kind']
type ReasonOf<K extends Kind> = Extract<Reason, { readonly kind: K }>

/**
 * The one thing that is thrown for an operator to read. Anything else that is thrown is a fault of ours, of a role, or
 * of a playbook.
 */
export class Failure<R extends Reason = Reason> extends Error {
  override readonly name = 'Failure'
  readonly reason: R

  constructor(message: string, reason: R, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

export type Refused = Failure<ReasonOf<'refused'>>
export type Unreachable = Failure<ReasonOf<'unreachable'>>

export const isFailure = <K extends Kind>(error: unknown, kind: K): error is Failure<ReasonOf<K>> =>
  error instanceof Failure && error.reason.kind === kind

/** All that is wrong with what the user gave, at once. */
export const refused = (problems: readonly Problem[]): Refused =>
  new Failure(problems.map(formatProblem).join('\n'), { kind: 'refused', problems })

/** Why something was not done, for the operator; `hint`: what to do about it. */
export const failure = (
  message: string,
  about: Omit<ReasonOf<'failed'>, 'kind'> = {},
  options?: ErrorOptions,
): Failure => new Failure(message, { kind: 'failed', ...about }, options)

export const unreachable = (host: string, obstacle: Obstacle, message: string, hint?: string): Unreachable =>
  new Failure(message, { kind: 'unreachable', host, obstacle, ...(hint === undefined ? {} : { hint }) })

/** What has begun is gone on with by the next run. */
export const interrupted = (message: string): Failure =>
  new Failure(message, {
    kind: 'interrupted',
    hint: 'run again: it goes on with what is left, and runs the handlers that are still pending on the host',
  })

/** What anything that was thrown comes to, in the operator's words. */
export interface Said {
  readonly message: string
  readonly hint?: string
}

export function saidOf(error: unknown): Said {
  if (!(error instanceof Error)) return { message: String(error) }
  // The place in the code is what helps with a fault of ours or of a role.
  if (!(error instanceof Failure)) return { message: error.message, ...placeIn(error) }
  const reason: Reason = error.reason
  if (reason.kind === 'refused') return { message: error.message }
  const where = reason.where?.filter(word => word !== '').join(': ')
  return {
    message: where ? `${where}: ${error.message}` : error.message,
    ...(reason.hint === undefined ? {} : { hint: reason.hint }),
  }
}

/** Why, where the rest is known already. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export function placeIn(error: unknown): { readonly hint?: string } {
  const place = error instanceof Error ? error.stack?.split('\n').slice(1, 4).join('\n') : undefined
  return place === undefined ? {} : { hint: place }
}
