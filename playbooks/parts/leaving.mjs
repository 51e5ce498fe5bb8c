// @ts-check
// The plays that take a master out, by name: remove-master.mjs and replace-master.mjs say which of them, in which
// order.
import { assert, computed, defineRole, play } from 'rota'
import {
  apiServerReady,
  clientsDoWithout,
  cluster,
  controlPlane,
  controlPlaneAbsent,
  drainApiServer,
  drainNode,
  etcdAbsent,
  etcdForget,
  etcdIsOurs,
  etchosts,
  haproxy,
  haproxyAbsent,
  haproxyProxy,
  isGone,
  keepalived,
  keepalivedAbsent,
  kubeClients,
  lvsRealServerAbsent,
  majority,
  nginxProxy,
  nginxVip,
  nginxVipAbsent,
  nodeAbsent,
  nodeProxyPrefetch,
  noWorkers,
  onlyMasters,
} from 'rota/roles'
import { nothingStandsInTheWayOfLeaving } from './preflight.mjs'

/** A name of the inventory: neither a pattern nor a list. */
export const aName = '^[^\\s,:;!&*?~@$|()\\[\\]\\{\\}]+$'

/**
 * The variables of a playbook that takes a host out.
 * @param {string} who leaves
 * @param {string} [more] of one that is dead
 */
export const varsOfLeaving = (who, more = '') =>
  /** @type {const} */ ({
    node: { type: 'string', pattern: aName, description: `the ${who} that leaves, by its name in the inventory` },
    gone: {
      type: 'boolean',
      default: false,
      description: `it is dead or unreachable: it is not connected to${more}`,
    },
  })

/**
 * The one play of a run that takes too many out: it is refused before a host is touched.
 * @param {string} node
 * @param {import('rota').InventoryView} inventory
 */
export function tooMany(node, inventory) {
  const masters = inventory.group('kube_control_plane')
  const names = masters.map(({ name }) => name)
  const [first] = names
  if (first === undefined || inventory.hosts.some(host => host.name === node && names.length > 1)) return undefined
  const members = node === 'all' ? inventory.hosts : inventory.group(node)
  const reason =
    members.length > 0
      ? `${node} is a group: one master leaves at a time, and the others have to stay. The masters are ${names.join(', ')}`
      : names.join() === node
        ? `${node} is the only master: no API server would be left. Add another one first (upgrade.mjs)`
        : undefined
  if (reason === undefined) return undefined
  return refusal('remove-master', 'one master leaves', first, [reason])
}

/**
 * The one play of a run that is refused before a host is touched.
 * @param {string} by the playbook
 * @param {string} title of the play
 * @param {string} host any of the inventory
 * @param {readonly string[]} reasons
 */
export function refusal(by, title, host, reasons) {
  const role = defineRole({
    name: by,
    params: { type: 'object', properties: {} },
    check: () => reasons,
    tasks: () => [],
  })
  return play(title, { hosts: host, roles: [role()] })
}

/**
 * An extra variable would beat what a playbook says, and of two hosts each would be taken out by half.
 * @param {string} node the host that leaves
 */
export const leavesAlone = node =>
  defineRole({
    name: 'leaves-alone',
    cluster,
    params: { type: 'object', properties: {} },
    check: ({ cluster: { leaving: said } }) =>
      [said].flat().join() === node
        ? []
        : [`${node} is to leave, and leaving_masters is ${JSON.stringify(said)}: leave -e leaving_masters=… away`],
    tasks: () => [],
  })()

/**
 * @param {Readonly<{ node: string, gone: boolean, notYet?: string }>} vars the master that leaves; one that is dead is
 * no node either. notYet: one of the group that has not joined, and is none of the others
 * @param {import('rota').InventoryView} inventory
 */
export function playsOfLeaving({ node, gone, notYet }, inventory) {
  const leaving = { leaving: node }
  const knowing = { ...leaving, ...(gone ? { leavingStayNodes: false } : {}) }
  const without = [`!${node}`, ...(notYet === undefined ? [] : [`!${notYet}`])]
  const others = ['kube_control_plane', ...without].join(':')
  const everyHost = ['k8s_cluster', 'etcd', 'calico_rr']
  const hasBalancers = inventory.group('load_balancer').length > 0
  const around = [drainNode(), drainApiServer()]
  const anyErrorsFatal = true
  const proxies = [nginxProxy(leaving), haproxyProxy(leaving)]

  const othersAreReady = {
    hosts: others,
    gate: apiServerReady({ timeout: 30 }),
    anyErrorsFatal,
  }

  return {
    // The name of the play is what the operator reads when it is not so.
    canBeReached: play('the master can be reached (one that is dead leaves with -e gone=true)', {
      hosts: node,
      roles: [leavesAlone(node)],
      tasks: context => [
        assert({ that: 'it can be reached', holds: computed({}, () => undefined) }),
        etcdIsOurs(context),
      ],
      anyErrorsFatal,
    }),

    othersAreReady: play('the masters that stay are ready', othersAreReady),

    othersAreReadyAndSeeItDead: play('the masters that stay are ready', {
      ...othersAreReady,
      roles: [leavesAlone(node)],
      tasks: context => [isGone(node)(context), etcdIsOurs(context)],
    }),

    nothingStandsInTheWay: nothingStandsInTheWayOfLeaving(node, [
      ...everyHost,
      ...(hasBalancers ? ['load_balancer'] : []),
      ...(gone ? [`!${node}`] : []),
    ]),

    // From when its API server has stopped until its proxy serves nobody answers there.
    proxyCanBeHad: play('the proxy that it has as a node can be had', {
      hosts: node,
      roles: [nodeProxyPrefetch(leaving)],
      anyErrorsFatal,
    }),

    // Without the masters: a --limit to these would pass every worker over, and its clients would lose their way.
    outOfNodeProxies: play('out of the proxy of every node', {
      hosts: 'k8s_cluster:!kube_control_plane',
      optional: onlyMasters,
      serial: '20%',
      tasks: clientsDoWithout(node),
      roles: proxies,
      anyErrorsFatal,
    }),

    outOfProxiesOfMasters: play('out of the proxies of masters that are nodes', {
      hosts: others,
      serial: 1,
      roles: proxies,
      anyErrorsFatal,
    }),

    // With LVS it is keepalived that lists the masters.
    outOfBalancers: hasBalancers
      ? play('out of the other load balancers', {
          hosts: 'load_balancer',
          serial: 1,
          roles: [haproxy(leaving), nginxVip(leaving), keepalived(leaving)],
          anyErrorsFatal,
        })
      : play('out of the other load balancers', {
          hosts: others,
          serial: 1,
          roles: [haproxy(leaving), nginxVip(leaving)],
          anyErrorsFatal,
        }),

    addressGoesElsewhere: play('the virtual address goes elsewhere', {
      hosts: node,
      roles: [keepalivedAbsent(leaving), haproxyAbsent(leaving), nginxVipAbsent(leaving), lvsRealServerAbsent(leaving)],
      anyErrorsFatal,
    }),

    daemonsStop: play('its own daemons stop', {
      hosts: node,
      around,
      // One that stays a node goes through a proxy from then on: others get none.
      roles: [controlPlaneAbsent(leaving), ...proxies, kubeClients(leaving)],
      anyErrorsFatal,
    }),

    othersDoWithoutIt: play('the others do without it', {
      hosts: others,
      serial: 1,
      gate: apiServerReady(),
      keepAvailable: majority,
      around,
      roles: [controlPlane(leaving), keepalived(leaving)],
      anyErrorsFatal,
    }),

    noNodeOfIt: play('the cluster has no node of it', {
      hosts: others,
      serial: 1,
      roles: [nodeAbsent(knowing)],
      anyErrorsFatal,
    }),

    etcdMemberLeaves: play('out of the etcd cluster', {
      hosts: `etcd:&${node}`,
      // It may be that etcd is not on the masters.
      optional: true,
      roles: [etcdAbsent(leaving)],
      anyErrorsFatal,
    }),

    othersForgetItsEtcdMember: play('out of the etcd cluster', {
      hosts: ['etcd', 'kube_control_plane', ...without],
      serial: 1,
      roles: [etcdForget(leaving)],
      anyErrorsFatal,
    }),

    noHostKnowsIt: play('no host knows it any more', {
      hosts: everyHost,
      optional: noWorkers,
      roles: [etchosts(knowing)],
    }),

    noOtherHostKnowsIt: play('no host knows it any more', {
      hosts: [...everyHost, `!${node}`],
      optional: noWorkers,
      roles: [etchosts(knowing)],
    }),
  }
}
