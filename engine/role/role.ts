import type { FactMap, FactValues } from '../facts/index.ts'
import { failure, type Problem } from '../failure/index.ts'
import type { Task } from '../tasks/index.ts'
import { tagsOf } from '../tasks/index.ts'
import { noteParams, type ParamsOf, type ParamsSchema } from '../values/index.ts'
import { type CallSite, callSite } from './call-site.ts'
import type { Check } from './check.ts'
import type { Step } from './step.ts'
import type { AnyCluster, ClusterOf, HostContext, HostView, InventoryView } from './view.ts'

/**
 * Facts of other hosts, read when the role needs them, whatever `--limit` says; `undefined` for one that can't be
 * reached.
 */
export type PeerFacts<M extends FactMap> = ReadonlyMap<string, FactValues<M> | undefined>

/** What a role is told before any host is asked: to its checks, and to say of which peers it wants to know. */
export interface ParamsContext<P, C = undefined> extends HostContext<C> {
  readonly params: P
}

/** What `tasks` and `handlers` are called with, once a host. */
export interface RoleContext<P, M extends FactMap = FactMap, R = unknown, C = undefined> extends ParamsContext<P, C> {
  readonly peers: PeerFacts<M>
  readonly prepared: R
}

/** What `prepare` is called with, once a play and on the control machine. */
export interface PrepareContext<P, C = undefined> {
  /** The hosts of the play that this role runs on, with their params and the values of the cluster for them. */
  readonly hosts: readonly { readonly host: HostView; readonly params: P; readonly cluster: ClusterOf<C> }[]
  readonly inventory: InventoryView
  /** Check mode: nothing may be written, neither here nor on a host. */
  readonly check: boolean
}

/** What `provide` is called with, once a play, when its hosts are about to be worked on. */
export interface ProvideContext<P, M extends FactMap = FactMap, C = undefined> {
  /** The hosts of the play that this role runs on, with the facts that `peers` asks for. */
  readonly hosts: readonly (ParamsContext<P, C> & { readonly peers: PeerFacts<M> })[]
  readonly inventory: InventoryView
  /** Check mode: nothing may be written. What would be is to be said. */
  readonly check: boolean
  /** The operator has stopped the run. */
  readonly signal: AbortSignal
  /** A line for the operator. */
  readonly say: (text: string) => void
  /** How far something is that takes its time, for who watches: bytes, and how many there are in all. */
  readonly progress: (what: string, done: number, total: number | undefined) => void
}

/** A text that a run has replaced. */
export interface ReplacedFile {
  readonly path: string
  readonly before: string
  readonly now: string
}

/** What a host is worked on with: data that is planned, or a function that talks to the host. */
export type TaskOrStep = Task | Step

export interface RoleDefinition<S extends ParamsSchema, M extends FactMap, R, C> {
  readonly name: string
  readonly description?: string
  readonly params: S
  /** Its values are handed over as `cluster`; a param that has one of its schemas is that value. */
  readonly cluster?: C
  /**
   * What is wrong with the inventory, whichever hosts are worked on. Runs before any host is touched, once a run: roles
   * that share the function share the answer.
   */
  readonly inventoryCheck?: (inventory: InventoryView) => readonly Problem[]
  /**
   * What is wrong beyond the schema (clashes between params, unusable combinations), all of it. Runs before any host is
   * touched.
   */
  readonly check?: (context: ParamsContext<ParamsOf<S>, C>) => readonly string[]
  /** Facts of other hosts that `tasks` needs. */
  readonly peers?: (context: ParamsContext<ParamsOf<S>, C>) => {
    readonly hosts: readonly string[]
    readonly facts: (peer: HostView) => M
  }
  /** Work on the control machine, once per play, before the first host is touched (certificates). */
  readonly prepare?: (context: PrepareContext<ParamsOf<S>, C>) => Promise<R>
  /**
   * Work on the control machine that needs to know the hosts, in place of `prepare` (files that are fetched for those
   * that lack them): once a play, before the first of its hosts is worked on. Its result is `prepared`; until then that
   * is undefined. What it throws stops the playbook.
   */
  readonly provide?: (context: ProvideContext<ParamsOf<S>, M, C>) => Promise<R>
  /**
   * Why a file that a run has replaced must not become again what it was, or nothing: asked of every file that is taken
   * back in a play of the role, before anything is done on any host. `before` is what would come back.
   */
  readonly mayNotGoBack?: (file: ReplacedFile) => string | undefined
  /** Pure: from params to tasks. `false` and `undefined` entries are left out, nested lists are flattened. */
  readonly tasks: (context: RoleContext<ParamsOf<S>, M, R, C>) => Nested
  readonly handlers?: Handlers | ((context: RoleContext<ParamsOf<S>, M, R, C>) => Handlers)
  /** What shall be so on a host, looked at after the changes of the play, all of it, whatever the other checks say. */
  readonly checks?: (context: ParamsContext<ParamsOf<S>, C>) => readonly (Check | false | undefined)[]
}

/** Tasks and steps in order; what is false or undefined is left out, lists in lists are flattened. */
export type Nested = readonly (TaskOrStep | false | undefined | Nested)[]

/** Handlers by name, in the order in which they run. */
export type Handlers = Readonly<Record<string, Task | readonly Task[]>>

/** A role as the engine handles it, whatever its params. */
export interface AnyRole {
  readonly name: string
  readonly description?: string
  readonly params: ParamsSchema
  readonly cluster?: AnyCluster
  readonly inventoryCheck?: (inventory: InventoryView) => readonly Problem[]
  readonly check?: (context: never) => readonly string[]
  readonly peers?: (context: never) => {
    readonly hosts: readonly string[]
    readonly facts: (peer: HostView) => FactMap
  }
  readonly prepare?: (context: never) => Promise<unknown>
  readonly provide?: (context: never) => Promise<unknown>
  readonly mayNotGoBack?: (file: ReplacedFile) => string | undefined
  readonly tasks: (context: never) => Nested
  readonly handlers?: Handlers | ((context: never) => Handlers)
  readonly checks?: (context: never) => readonly (Check | false | undefined)[]
}

/** A role in a play: `haproxy({ bindPort: 8443 })`. */
export interface RoleCall {
  readonly role: AnyRole
  readonly params: Readonly<Record<string, unknown>>
  readonly tags: readonly string[]
  /** All its tasks and steps run once, as `runOnce` of a task. */
  readonly runOnce: boolean
  /** Where the playbook says it. */
  readonly site: CallSite
}

export interface RoleCallOptions {
  readonly tags?: string | readonly string[]
  readonly runOnce?: boolean
}

export interface RoleMaker<S extends ParamsSchema> {
  (params?: Partial<ParamsOf<S>>, options?: RoleCallOptions): RoleCall
  readonly role: AnyRole
}

/** Defines a role; the result is called in a play with the params the playbook sets. */
export function defineRole<
  const S extends ParamsSchema,
  M extends FactMap = Record<never, never>,
  R = undefined,
  C extends AnyCluster | undefined = undefined,
>(definition: RoleDefinition<S, M, R, C>): RoleMaker<S> {
  const role = definition as unknown as AnyRole
  // Who writes JavaScript is told by nobody else.
  if (typeof role.params?.properties !== 'object')
    throw failure(`role ${role.name}: its params are no JSON Schema of an object`, {
      hint: "{ type: 'object', properties: {} } is that of a role that has none",
    })
  noteParams(role)
  const call = (params: Partial<ParamsOf<S>> = {}, options: RoleCallOptions = {}): RoleCall => ({
    role,
    params: params as Readonly<Record<string, unknown>>,
    runOnce: options.runOnce ?? false,
    tags: tagsOf(options.tags),
    site: callSite(call),
  })
  return Object.assign(call, { role })
}
