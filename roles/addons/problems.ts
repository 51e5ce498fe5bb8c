import { resolve } from 'node:path'
import type { InventoryView } from 'rota'
import { isPacked } from './helm.ts'
import { fileProblems, manifestProblems } from './manifests.ts'
import type { Addon } from './params.ts'

/** Relative to the folder of the inventory. */
export const pathIn = ({ dir }: Pick<InventoryView, 'dir'>, path: string): string => resolve(dir, path)

/** What is wrong with the operator's add-ons beyond the schema. */
export function addonProblems(addons: readonly Addon[], inventory: Pick<InventoryView, 'dir'>): readonly string[] {
  const names = addons.map(({ name }) => name)
  return addons.flatMap((addon, index) => [
    ...(names.indexOf(addon.name) < index ? [`upgrade_addons: ${addon.name} is there twice`] : []),
    ...problemsOf(addon, inventory).map(problem => `upgrade_addons: ${addon.name}: ${problem}`),
  ])
}

function problemsOf(addon: Addon, inventory: Pick<InventoryView, 'dir'>): readonly string[] {
  const { apply, helm, command, unless } = addon
  const ways = Object.entries({ apply, helm, command }).filter(([, way]) => way !== undefined)
  const said = ways.map(([name]) => name).join(' and ')
  return [
    ...(ways.length === 1 ? [] : [`it has ${said || 'nothing to do'}: one of apply, helm and command is needed`]),
    ...(command !== undefined && unless === undefined
      ? ['command needs unless: what succeeds when there is nothing to do']
      : []),
    ...(command === undefined && unless !== undefined ? ['unless is of a command'] : []),
    ...(addon.force_conflicts && apply === undefined ? ['force_conflicts is of apply'] : []),
    ...(apply === undefined ? [] : manifestProblems(pathIn(inventory, apply))),
    ...(helm === undefined ? [] : helmProblems(helm, inventory)),
  ]
}

function helmProblems(
  { chart, version, repo, values }: NonNullable<Addon['helm']>,
  inventory: Pick<InventoryView, 'dir'>,
): readonly string[] {
  const files = [...(isPacked(chart) ? [chart] : []), ...(values === undefined ? [] : [values])]
  return [
    ...files.flatMap(file => fileProblems(pathIn(inventory, file))),
    ...(isPacked(chart) && (version ?? repo) !== undefined ? ['version and repo are in the packed chart already'] : []),
    ...(!isPacked(chart) && version === undefined
      ? ['helm needs version: the newest one is another one each day']
      : []),
    ...(!isPacked(chart) && repo === undefined && !chart.startsWith('oci://')
      ? ['helm needs repo, or a chart that is oci://… or a packed file (.tgz)']
      : []),
  ]
}
