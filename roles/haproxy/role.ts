import { defineRole, file, flushHandlers, packages, service, waitFor } from 'rota'
import {
  isLeaving,
  listingContent,
  mastersOf,
  readyz,
  sayLeftOut,
  unitRunsItsConfiguration,
  unknownLeaving,
} from '../cluster/index.ts'
import { haproxyCfg } from './haproxy.cfg.ts'
import { params } from './params.ts'

/** haproxy on every master, in front of all of them; keepalived puts a virtual address on one. A new list of masters is a reload. */
export const haproxy = defineRole({
  name: 'haproxy',
  description: 'a load balancer in front of all API servers, on every master',
  params,
  check: ({ params, host, inventory }) => {
    const isMaster = mastersOf(inventory).some(master => master.name === host.name)
    return [
      ...unknownLeaving(inventory, params.leaving),
      ...(isMaster && params.bindPort === params.apiserverPort
        ? [`bindPort: ${params.bindPort} is the API server's own port on this host: choose another, such as 8443`]
        : []),
      ...(mastersOf(inventory, params.leaving).length === 0 ? ['no master would be left to balance to'] : []),
    ]
  },
  peers: ({ params, inventory }) => ({
    hosts: mastersOf(inventory, params.leaving).map(master => master.name),
    facts: master => ({ ready: readyz(master, params.apiserverPort, `${params.kubeConfigDir}/pki/ca.crt`) }),
  }),
  tasks: ({ params, host, inventory, peers }) => {
    // A master on its way out keeps what it has until haproxy-absent has moved its clients away.
    if (isLeaving(host, params.leaving)) return []
    const masters = mastersOf(inventory, params.leaving)
    const listing = { path: params.config, port: params.apiserverPort, masters, peers }
    const withSecret = params.statsPassword !== undefined
    return [
      packages({ names: params.packages, start: false }),
      file({
        path: params.config,
        content: listingContent(listing, listed => haproxyCfg(params, listed)),
        mode: withSecret ? '0600' : '0644',
        secret: withSecret,
        validate: 'haproxy -c -q -f',
        notify: 'reload',
      }),
      flushHandlers(),
      service({ name: 'haproxy', enabled: true, running: true }),
      unitRunsItsConfiguration({ unit: 'haproxy', config: params.config }),
      waitFor({
        port: params.bindPort,
        ...(params.bind.includes('0.0.0.0') || params.bind.includes('*')
          ? {}
          : { host: params.bind[0] ?? '127.0.0.1' }),
      }),
      sayLeftOut(listing),
    ]
  },
  handlers: { reload: service.reload('haproxy') },
})
