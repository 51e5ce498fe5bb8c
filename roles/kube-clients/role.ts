import { defineRole, editFile, facts, flushHandlers, type Step, step } from 'rota'
import { cluster, clusterProblems, unknownLeaving } from '../lib/cluster/index.ts'
import { serverAnswers } from './answers.ts'
import { type ClientFile, clientFiles, serversIn } from './clients.ts'
import { params } from './params.ts'
import { restartDaemon } from './restart.ts'
import { aliasesOf, serverOf } from './server.ts'

/**
 * The clients of the API on a host go through its proxy, the virtual address, or where the operator says. Only the
 * server in their files is changed, and only whose file has changed is started anew.
 */
export const kubeClients = defineRole({
  name: 'kube-clients',
  description: 'kubelet, kube-proxy, controller manager and scheduler go through the proxy or the virtual address',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, inventory }) => unknownLeaving(inventory, params.leaving),
  tasks: ({ params, host, inventory }) => {
    const server = serverOf(params, host, inventory)
    if (server === undefined) return []
    const files = clientFiles(params, {
      secure: server,
      aliases: aliasesOf(params, server),
      insecure: params.insecureServer,
    })
    return [
      serverAnswers(files, server, params.timeout),
      files.map(({ path, daemons, edit, style }) =>
        editFile({
          title: `the server in ${path}`,
          path,
          edit,
          missing: 'skip',
          notify: daemons,
          // A kubeconfig may hold keys: it is not shown, and no copy is kept.
          ...(style === 'kubeconfig' ? { secret: true, backup: false } : {}),
        }),
      ),
      // Before anything that was used until now is taken away.
      flushHandlers(),
      params.insecureServer === undefined && files.filter(file => file.style === 'variables').map(sayInsecure),
    ]
  },
  handlers: ({ params }) =>
    Object.fromEntries(
      [
        ...new Set([
          'kubelet',
          'kube-proxy',
          'kube-controller-manager',
          'kube-scheduler',
          ...Object.keys(params.kubeconfigs),
        ]),
      ].map(daemon => [daemon, restartDaemon(daemon, params.timeout)]),
    ),
})

/** A file that names a server without TLS stays as it is, and that is said. */
const sayInsecure = (file: ClientFile): Step => {
  const insecure = (text: string): string => {
    const servers = serversIn(file, text).filter(server => server.startsWith('http:'))
    return servers.length === 0
      ? ''
      : `${file.path} goes to ${servers.join(', ')}, without TLS: it stays so unless kube_clients_insecure_server says where else`
  }
  return step({
    title: `servers without TLS in ${file.path}`,
    facts: { content: facts.path({ path: file.path, content: true }) },
    needed: ({ content }) => insecure(Buffer.from(facts.bytesOf(content) ?? new Uint8Array()).toString()) || false,
    run: async ({ $, say }) => {
      say(insecure(await $`cat ${file.path}`.text()))
      return { changed: false }
    },
  })
}
