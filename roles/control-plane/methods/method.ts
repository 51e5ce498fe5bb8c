import type { FactMap, Handlers, HostView, InventoryView, Nested, PeerFacts, PrepareContext } from 'rota'
import { etcdMembersOf } from '../../lib/cluster/index.ts'
import type { Params } from '../daemons/daemons.ts'

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

/** One way to have a master's daemons run: everything of the role that differs between them. */
export interface Method<R = unknown> {
  /** What is wrong beyond the schema. */
  readonly check: (context: CheckContext) => readonly string[]
  readonly prepare?: (context: PrepareContext<Params>) => Promise<R>
  /** Facts of other hosts that `tasks` needs. */
  readonly peers?: (context: CheckContext) => {
    readonly hosts: readonly string[]
    readonly facts: (peer: HostView) => FactMap
  }
  readonly tasks: (context: MethodContext<R>) => Nested
  readonly handlers: (context: MethodContext<R>) => Handlers
}

export const needsEtcd = ({ params, inventory }: CheckContext): readonly string[] =>
  etcdMembersOf(inventory, params.leaving).length === 0
    ? ['the group etcd is empty: the API servers have nowhere to keep anything']
    : []
