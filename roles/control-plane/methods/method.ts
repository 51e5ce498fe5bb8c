import type { FactMap, Handlers, HostView, InventoryView, Nested, PeerFacts } from 'rota'
import { etcdMembersOf } from '../../lib/cluster/index.ts'
import type { Params } from '../daemons/daemons.ts'
import type { Preparing } from '../preparing.ts'

/** What a method knows of the host it works on. */
export interface MethodContext<R = unknown> {
  readonly params: Params
  readonly host: HostView
  readonly inventory: InventoryView
  /** What the method has read of other masters. */
  readonly peers: PeerFacts<FactMap>
  /** What the method has made on the control machine. */
  readonly prepared: R | undefined
}

type CheckContext = Pick<MethodContext, 'params' | 'host' | 'inventory'>

/**
 * One way to have a master's daemons run: everything of the role that differs between them. `R` is what it makes on the
 * control machine.
 */
interface MethodDefinition<R> {
  /** What is wrong beyond the schema. */
  readonly check: (context: CheckContext) => readonly string[]
  readonly prepare?: (context: Preparing) => Promise<R>
  /** Facts of other hosts that `tasks` needs. */
  readonly peers?: (context: CheckContext) => {
    readonly hosts: readonly string[]
    readonly facts: (peer: HostView) => FactMap
  }
  readonly tasks: (context: MethodContext<R>) => Nested
  readonly handlers: (context: MethodContext<R>) => Handlers
}

type Unprepared = Omit<MethodContext, 'prepared'>

/** What a method does on a host, with what it has made on the control machine. */
export interface MethodWork {
  readonly tasks: (context: Unprepared) => Nested
  readonly handlers: (context: Unprepared) => Handlers
}

/** A method as the role handles it, whatever it makes: that is given to nobody but itself. */
export interface Method extends Pick<MethodDefinition<never>, 'check' | 'peers'> {
  /** Where nothing has been made. */
  readonly unprepared: MethodWork
  readonly prepare: (context: Preparing) => Promise<MethodWork>
}

export function defineMethod<R = undefined>(
  definition: MethodDefinition<R>,
): Method & { readonly workWith: (prepared: R | undefined) => MethodWork } {
  const { check, prepare, peers, tasks, handlers } = definition
  const workWith = (prepared: R | undefined): MethodWork => ({
    tasks: context => tasks({ ...context, prepared }),
    handlers: context => handlers({ ...context, prepared }),
  })
  return {
    check,
    ...(peers ? { peers } : {}),
    unprepared: workWith(undefined),
    workWith,
    prepare: async context => workWith(await prepare?.(context)),
  }
}

export const needsEtcd = ({ params, inventory }: CheckContext): readonly string[] =>
  etcdMembersOf(inventory, params.leaving).length === 0
    ? ['the group etcd is empty: the API servers have nowhere to keep anything']
    : []
