import type { Play } from '../playbook/index.ts'
import type { HostView } from '../role/index.ts'
import type { BoundRole } from './build.ts'
/** A play whose hosts are known and whose roles have their params: nothing about it can be refused any more. */
export interface ReadyPlay {
  readonly play: Play
  /** The hosts to work on: pattern and `--limit`. */
  readonly hosts: readonly HostView[]
  /** The hosts of the pattern, whatever `--limit` says: what availability is counted over. */
  readonly everyone: readonly HostView[]
  readonly roles: readonly BoundRole[]
  /** Why nobody is worked on, where that has to be said at the end. */
  readonly notRun?: string
}
