import type { Handlers, HostView, InventoryView, Nested, ParamsOf } from 'rota'
import type { PreparedCertificates } from '../../lib/pki/index.ts'
import type { SeenMembers } from '../kubespray/seen.ts'
import type { absentParams, params } from '../params.ts'

export interface LayoutContext {
  readonly params: ParamsOf<typeof params>
  readonly host: HostView
  readonly inventory: InventoryView
  /** What the hosts of the group have of kubespray's. */
  readonly seen: SeenMembers
  readonly prepared: PreparedCertificates
}

export type AbsentContext = Omit<LayoutContext, 'params' | 'prepared'> & {
  readonly params: ParamsOf<typeof absentParams>
}

/** One way to have etcd on a host: where its files are, how a member is made, and what is gone with it. */
export interface Layout {
  readonly tasks: (context: LayoutContext) => Nested
  readonly handlers: (context: Pick<LayoutContext, 'params'>) => Handlers
  readonly absent: (context: AbsentContext) => Nested
}
