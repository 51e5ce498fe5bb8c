import { defineRole, file, flushHandlers, packages, service, systemdUnit, waitFor } from 'rota'
import {
  listingContent,
  mastersOf,
  readyz,
  sayLeftOut,
  unitRunsItsConfiguration,
  unknownLeaving,
} from '../cluster/index.ts'
import { nginxConf } from './nginx.conf.ts'
import { params } from './params.ts'
import { nginxUnit } from './unit.ts'

/**
 * Every node reaches the API through a proxy of its own on 127.0.0.1 (kubespray's `loadbalancer_apiserver_localhost`). A new list of
 * masters is a reload. On a master, whose API server has the port, there is nothing to do.
 */
export const nginxProxy = defineRole({
  name: 'nginx-proxy',
  description: 'a proxy to the API servers on every node',
  params,
  check: ({ params, inventory }) => [
    ...unknownLeaving(inventory, params.leaving),
    ...(mastersOf(inventory, params.leaving).length === 0
      ? ['there is no master to proxy to: the group kube_control_plane is empty']
      : []),
  ],
  peers: ({ params, inventory }) => ({
    hosts: mastersOf(inventory, params.leaving).map(master => master.name),
    facts: master => ({ ready: readyz(master, params.apiserverPort, `${params.kubeConfigDir}/pki/ca.crt`) }),
  }),
  tasks: ({ params, host, inventory, peers }) => {
    const masters = mastersOf(inventory, params.leaving)
    if (masters.some(master => master.name === host.name) && params.port === params.apiserverPort) return []
    const { binary, config, unit } = params
    const pid = `/run/${unit}.pid`
    const listing = { path: config, port: params.apiserverPort, masters, peers }
    return [
      // The distribution's own nginx would take port 80, now or at the next boot.
      packages({ names: params.packages, start: false }),
      params.distributionUnit === 'off' && service({ name: 'nginx', enabled: false, running: false }),
      file({
        path: config,
        content: listingContent(listing, listed => nginxConf({ ...params, pid }, listed)),
        mode: '0644',
        validate: `${binary} -t -q -c`,
        notify: 'reload',
      }),
      systemdUnit({ name: `${unit}.service`, content: nginxUnit({ binary, config, pid }), notify: 'reload' }),
      flushHandlers(),
      service({ name: unit, enabled: true, running: true }),
      unitRunsItsConfiguration({ unit, config }),
      waitFor({ host: dialled(params.listen), port: params.port }),
      sayLeftOut(listing),
    ]
  },
  handlers: ({ params }) => ({ reload: service.reload(params.unit) }),
})

/** An address on which the proxy can be dialled from its own host. */
const dialled = ([first = '127.0.0.1']: readonly string[]): string =>
  first === '0.0.0.0' ? '127.0.0.1' : first === '::' ? '::1' : first
