import type { RemoteShell, Shell, StepContext } from 'rota'
import type { Params } from '../daemons/daemons.ts'

/** How a host becomes a master: one that is new, or one that is a node already. */
export interface Joining {
  /** What stands in the file that marks a join that has not ended. */
  readonly mark: string
  /** Nothing of an earlier attempt is left, and only of a host that is no master. */
  readonly clean: (context: StepContext, params: Params, peer: RemoteShell) => Promise<unknown>
  /** Calls of kubeadm and what is done between them, one after the other. */
  readonly calls: (params: Params) => readonly (Shell | readonly string[])[]
  /** Once its API server serves: nothing is left that an attempt would need. */
  readonly settle: (params: Params) => Shell
  /** After the last attempt has failed and was cleaned: says what the host is then. */
  readonly giveUp: (context: StepContext, params: Params, peer: RemoteShell) => Promise<string>
}
