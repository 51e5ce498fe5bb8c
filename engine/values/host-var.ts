import type { Host, Variable } from '../inventory/index.ts'

/** The variable in effect, as written; `resolveVar` evaluates templates. */
export function hostVar(host: Host, name: string): Variable | undefined {
  return host.vars.get(name)
}
