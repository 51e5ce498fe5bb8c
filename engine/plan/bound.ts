import type { Play } from '../playbook/index.ts'
import type { HostView, RoleCall } from '../role/index.ts'

/** A role of a play with what was resolved before the run: per host its params, and what `prepare` made. */
export interface BoundRole {
  readonly call: RoleCall
  /** Unique in the play; it is the role's name unless the play has the role twice. */
  readonly label: string
  /** Those of the play, and those that it was called with. */
  readonly tags: readonly string[]
  readonly params: ReadonlyMap<string, Readonly<Record<string, unknown>>>
  readonly prepared: unknown
}

/** A play whose hosts are known, with the params of its roles. */
export interface BoundPlay {
  readonly play: Play
  readonly tags: readonly string[]
  /** The hosts to work on: pattern and `--limit`. */
  readonly hosts: readonly HostView[]
  /** The hosts of the pattern, whatever `--limit` says: what availability is counted over. */
  readonly everyone: readonly HostView[]
  readonly roles: readonly BoundRole[]
}

/** Only a play that was refused has a host without params, and of that no task is made. */
export function paramsOn({ label, params }: Pick<BoundRole, 'label' | 'params'>, { name }: HostView) {
  const found = params.get(name)
  if (!found) throw new Error(`role ${label} has no params on ${name}`)
  return found
}

/** The roles of a play, each with a name that no other of the play has. */
export const labelled = (calls: readonly RoleCall[]): readonly { readonly call: RoleCall; readonly label: string }[] =>
  calls.map((call, index) => {
    const earlier = calls.slice(0, index).filter(other => other.role.name === call.role.name).length
    return { call, label: earlier === 0 ? call.role.name : `${call.role.name}#${earlier + 1}` }
  })
