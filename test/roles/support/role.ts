import type { Computed, FactRequest, HostView, InventoryView, Step, Task } from 'rota'
import { factTable } from '../../../engine/facts/fact.ts'
import { withGetters } from '../../../engine/role/cluster.ts'
import type { AnyRole, Nested, RoleCall } from '../../../engine/role/role.ts'
import { resolveParams } from '../../../engine/values/params.ts'
import { contextOn, lookupIn, withGiven } from './inventory.ts'

/** A role's params with its defaults, as a run resolves them; the variables of a host count where one is given. */
export function paramsOf<P>(call: RoleCall, host?: HostView): P {
  const resolved = resolveParams(call, host ? lookupIn(host) : () => undefined)
  if (!resolved.ok) throw new Error(resolved.problems.map(problem => problem.message).join('; '))
  return resolved.params as P
}

/** The role's tasks on a host, without any host. */
export function unitsOf(
  call: RoleCall,
  host: HostView,
  inventory: InventoryView,
  more: { readonly prepared?: unknown; readonly peers?: ReadonlyMap<string, unknown> } = {},
): readonly (Task | Step)[] {
  const { peers = new Map(), prepared } = more
  const context = withGetters(contextOn(host, withGiven(inventory, [call])), {
    params: paramsOf(call),
    peers,
    prepared,
  })
  return flat(call.role.tasks(context as never))
}

export const titlesOf = (...args: Parameters<typeof unitsOf>): readonly string[] =>
  unitsOf(...args).map(unit => unit.title)

/** What is wrong beyond the schema. */
export const problemsOf = (
  call: RoleCall,
  host: HostView,
  inventory: InventoryView,
  params = paramsOf<object>(call),
): readonly string[] =>
  (call.role as AnyRole).check?.(withGetters(contextOn(host, withGiven(inventory, [call])), { params }) as never) ?? []

/** Content of the file (or unit) task for a path; a computed one is worked out from these facts. */
export function contentOf(
  units: readonly (Task | Step)[],
  path: string,
  facts: readonly (readonly [FactRequest, unknown])[] = [],
): string {
  for (const unit of units) {
    if (!('kind' in unit)) continue
    const args = unit.args as {
      readonly path?: string
      readonly name?: string
      readonly content?: string | Computed<string>
      readonly block?: string
    }
    if (args.path !== path && args.name !== path) continue
    const content = args.content ?? args.block ?? ''
    return typeof content === 'string' ? content : content.compute(factTable(...facts))
  }
  throw new Error(`no task writes ${path}: ${units.map(unit => unit.title).join(', ')}`)
}

const flat = (nested: Nested): readonly (Task | Step)[] =>
  nested.flatMap(entry => (Array.isArray(entry) ? flat(entry) : entry ? [entry as Task | Step] : []))
