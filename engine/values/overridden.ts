import { formatOrigin } from '../failure/index.ts'
import type { Variable } from '../inventory/index.ts'

/** What each variable below another was, strongest first. */
export function overridden(variable: Variable): readonly Variable[] {
  const { overrides } = variable
  if (overrides === undefined) return []
  // The directory of the inventory may also be that of the playbook: one place, read twice.
  return [...(isSamePlace(overrides, variable) ? [] : [overrides]), ...overridden(overrides)]
}

const isSamePlace = (a: Variable, b: Variable): boolean =>
  a.source === b.source && formatOrigin(a.origin) === formatOrigin(b.origin)
