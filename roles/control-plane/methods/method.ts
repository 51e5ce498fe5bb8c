import type { Handlers, HostView, InventoryView, Nested, PrepareContext } from 'rota'
import type { Prepared } from '../../pki/index.ts'
import type { Params } from '../daemons.ts'

/** What a method knows of the host it works on. */
export interface MethodContext {
  readonly params: Params
  readonly host: HostView
  readonly inventory: InventoryView
  /** Certificates made on the control machine; undefined for a method that makes none there. */
  readonly prepared: Prepared | undefined
}

/** One way to have a master's daemons run: everything of the role that differs between them. */
export interface Method {
  /** What is wrong beyond the schema. */
  readonly check: (context: Omit<MethodContext, 'prepared'>) => readonly string[]
  readonly prepare?: (context: PrepareContext<Params>) => Promise<Prepared>
  readonly tasks: (context: MethodContext) => Nested
  readonly handlers: (context: MethodContext) => Handlers
}
