import type {
  AnyCluster,
  Around,
  BatchGate,
  BatchGates,
  Gate,
  Handlers,
  HostContext,
  InventoryView,
  Nested,
  RoleCall,
} from '../role/index.ts'
import { type CallSite, callSite } from '../role/index.ts'
import type { AtLeast } from './keep-available.ts'
import type { Serial } from './serial.ts'

/** What a play works on, and how. Only `hosts` must be said. */
export interface PlayOptions<C extends AnyCluster | undefined = AnyCluster | undefined> {
  /** Pattern of hosts, as in Ansible. */
  readonly hosts: string | readonly string[]
  /**
   * An inventory may have no host for this play: it is then not run, and that is said at the end. Without it the work
   * is needed, and a pattern that nobody is in is refused before any host is touched.
   */
  readonly optional?: boolean | ((inventory: InventoryView) => boolean)
  readonly roles?: readonly RoleCall[]
  /** Its values are handed to `tasks` as `cluster`. */
  readonly cluster?: C
  /** Tasks after the roles. */
  readonly tasks?: Nested | ((context: HostContext<C>) => Nested)
  /** Handlers of the play; a role's own come first. */
  readonly handlers?: Handlers
  readonly tags?: string | readonly string[]
  /**
   * Hosts per batch, or a `window()` of them in flight; all at once by default. `--serial` overrides it where the play
   * sets one.
   */
  readonly serial?: Serial
  /** What must hold on a host after its changes before the rollout goes on. */
  readonly gate?: Gate
  /**
   * How many hosts of the play must be available at any time, judged by `gate` on every host of the pattern, whatever
   * `--limit` says. A batch that would take more down is split, a host of a window waits; refused where even one is too
   * many.
   */
  readonly keepAvailable?: AtLeast
  /**
   * What must hold after a batch (of a window, after a host) that has changed something before the next one is begun,
   * and, looked at once, before the first: of `gate.command`, `gate.http` and others. All are waited for side by side;
   * one that does not hold in its time stops the playbook.
   */
  readonly afterBatch?: readonly (BatchGate | BatchGates)[]
  /** Work around the changes of each host, in order; left in reverse order. */
  readonly around?: readonly Around[]
  /**
   * The playbook stops when more than this share of a batch has failed (0–100), of a window more than this share of the
   * hosts that were begun; unreachable hosts count.
   */
  readonly maxFailPercentage?: number
  /**
   * The playbook stops after the batch in which any host failed, or after checks of which any failed. Of a window
   * nothing more is started.
   */
  readonly anyErrorsFatal?: boolean
}

/** A play as `play()` makes it: its options, its name, and where the playbook says it. */
export interface Play extends Omit<PlayOptions, 'tasks'> {
  readonly tasks?: Nested | ((context: never) => Nested)
  readonly name: string
  readonly site: CallSite
}

/** A play: which hosts, how many at a time, what must be so on them. */
export function play<C extends AnyCluster | undefined = undefined>(name: string, options: PlayOptions<C>): Play {
  return { ...options, name, site: callSite(play) }
}
