import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { facts, type InventoryView } from 'rota'
import { nginxProxy } from '../../../roles/nginx-proxy/role.ts'
import { settingsOf } from '../../../roles/nginx-proxy/settings.ts'
import { host, inventory } from './inventory.ts'
import { contentOf, paramsOf, unitsOf } from './role.ts'

export type NginxParams = NonNullable<Parameters<typeof nginxProxy>[0]>

export const ready = { type: 'answered', status: 200, body: 'ok', expected: true }

/** A cluster with masters at these addresses, and a node. */
export const clusterOf = (addresses: readonly string[]): InventoryView =>
  inventory([
    ...addresses.map((address, index) => host(`m${index + 1}`, address, ['kube_control_plane', 'k8s_cluster', 'all'])),
    host('n1', '10.9.9.9', ['kube_node', 'k8s_cluster', 'all']),
  ])

/** Text of the configuration that a node gets when every master is ready and nothing is listed yet. */
export function configOf(params: NginxParams, view: InventoryView): string {
  const call = nginxProxy(params)
  const { config } = settingsOf(paramsOf<Parameters<typeof settingsOf>[0]>(call))
  const peers = new Map(view.hosts.map(({ name }) => [name, { ready, built: { type: 'absent' } }]))
  return contentOf(unitsOf(call, view.host('n1'), view, { peers }), config, [
    [facts.path({ path: config, content: true }), { type: 'absent' }],
  ])
}

/** Text of a source document, as it has it. */
export const documentText = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../fixtures/documents/${name}`, import.meta.url)), 'utf8')
