import { command, defineRole, type HostView, type InventoryView, quote, seconds, type Task } from 'rota'
import { cluster, clusterProblems, mastersOf } from '../lib/cluster/index.ts'
import { kubeText } from '../lib/cluster/kubectl.ts'
import { manifestsApplied } from './applied.ts'
import { helmRelease, helmText, isPacked } from './helm.ts'
import { type Addon, type Params, params } from './params.ts'
import { addonProblems, pathIn } from './problems.ts'
import { rolledOut } from './rolled-out.ts'

/**
 * The add-ons that the operator names, those whose turn it is: manifests, releases of helm, commands, each waited for.
 * The first master that can be reached does it for all, with any API server that is ready.
 */
export const addons = defineRole({
  name: 'addons',
  description: "the operator's own add-ons of the cluster",
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, inventory }) => addonProblems(params.list, inventory),
  tasks: ({ params, host, inventory }) =>
    params.list
      .filter(({ when }) => when === params.when)
      .map(addon => tasksOf(addon, params, kubeFrom(params, host, inventory), inventory)),
})

const kubeFrom = (params: Params, host: HostView, inventory: InventoryView): string => {
  const others = mastersOf(inventory, params.leaving).filter(({ name }) => name !== host.name)
  return kubeText(params, [host, ...others])
}

function tasksOf(addon: Addon, params: Params, kube: string, inventory: InventoryView): readonly (Task | undefined)[] {
  const { name, apply, helm } = addon
  const timeout = seconds(addon.timeout)
  const path = (given: string): string => pathIn(inventory, given)
  const once = { runOnce: true } as const
  return [
    apply === undefined
      ? undefined
      : manifestsApplied({ ...once, addon: name, path: path(apply), force: addon.force_conflicts, kube }),
    helm &&
      helmRelease({
        ...once,
        addon: name,
        release: helm.release ?? name,
        namespace: helm.namespace,
        chart: isPacked(helm.chart) ? path(helm.chart) : helm.chart,
        version: helm.version,
        repo: helm.repo,
        values: helm.values === undefined ? undefined : path(helm.values),
        timeout,
        helm: helmText(kube, params),
      }),
    addon.command === undefined || addon.unless === undefined
      ? undefined
      : command({
          ...once,
          title: `add-on ${name}: its command`,
          run: asAdministrator(params, addon.command),
          unless: asAdministrator(params, addon.unless),
          timeout,
        }),
    ...addon.wait.map(workload => rolledOut({ ...once, addon: name, workload, timeout, kube })),
  ]
}

/** With the programs of the cluster, and the rights of its administrator. */
const asAdministrator = ({ binDir, kubeConfigDir }: Params, text: string): string =>
  `export PATH=${quote(binDir)}:"$PATH" KUBECONFIG=${quote(`${kubeConfigDir}/admin.conf`)}\n${text}`
