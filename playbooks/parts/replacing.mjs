// @ts-check
// The plays of replace-master.mjs that are about the new master, by name, and what is refused before any host is
// touched.
import { assert, computed, play } from 'rota'
import {
  apiServerReady,
  clientsDoWithout,
  cluster,
  containerEngine,
  containerEnginePrograms,
  controlPlane,
  drainApiServer,
  drainNode,
  etcd,
  etcdHealthy,
  hostPreflight,
  keepalived,
  kubeBinaries,
  kubeClients,
  kubeletCsrApprover,
  lvsRealServer,
  masterEnginePreflight,
  mayTakeThePlaceOf,
  nodeLabel,
  nodeProxyAbsent,
  nodeServes,
  nodeTaint,
  preflight,
  runsTheVersion,
  takesThePlaceOf,
} from 'rota/roles'
import { playsOfLeaving, refusal } from './leaving.mjs'

/**
 * node: the master that leaves; by: the new one; gone: the first of them is dead.
 * @typedef {Readonly<{ node: string, by: string, gone: boolean }>} Vars
 */

/**
 * The one play of a run that can't be meant: all that is wrong with it, before a host is touched.
 * @param {Vars} vars
 * @param {import('rota').InventoryView} inventory
 */
export function notAReplacement(vars, inventory) {
  const reasons = reasonsAgainst(vars, inventory)
  const [any] = inventory.hosts
  return any === undefined || reasons.length === 0
    ? undefined
    : refusal('replace-master', 'one master takes the place of another', any.name, reasons)
}

/**
 * What is wrong with it, all at once.
 * @param {Vars} vars
 * @param {import('rota').InventoryView} inventory
 * @returns {readonly string[]}
 */
export function reasonsAgainst({ node, by, gone }, inventory) {
  const namesIn = (/** @type {string} */ group) => inventory.group(group).map(({ name }) => name)
  const isHost = (/** @type {string} */ name) => inventory.hosts.some(host => host.name === name)
  const masters = namesIn('kube_control_plane')
  const members = namesIn('etcd')
  const balancers = namesIn('load_balancer')
  const stay = masters.filter(name => name !== node && name !== by)
  const asked = `the masters are ${masters.join(', ') || 'none'}`
  const known = [
    ...(masters.includes(node)
      ? []
      : [`node: ${node} is ${isHost(node) ? 'no host of kube_control_plane' : 'no host of the inventory'}: ${asked}`]),
    ...(by === node ? [`by: ${by} can't take its own place: name the host that becomes a master`] : []),
    ...(masters.includes(by)
      ? []
      : [
          `by: ${by} is ${isHost(by) ? 'not in kube_control_plane' : 'no host of the inventory'}: put it there beside ${node}, whose line goes when all is done`,
        ]),
  ]
  if (known.length > 0) return known
  const { etcdDeployment } = inventory.cluster(cluster, inventory.host(by))
  const isOfHosts = etcdDeployment === 'host' || etcdDeployment === 'docker'
  const voters = isOfHosts ? members : etcdDeployment === 'kubeadm' ? masters : []
  const before = voters.filter(name => name !== by)
  const after = before.filter(name => name !== node)
  const needed = Math.floor(before.length / 2) + 1
  return [
    ...(stay.length === 0
      ? [
          `${node} is the only master beside ${by}, and nobody would serve meanwhile that is known to: let ${by} join first (upgrade.mjs), then take ${node} out (remove-master.mjs)`,
        ]
      : []),
    ...(isOfHosts && members.includes(node) && !members.includes(by)
      ? [`${node} is in the group etcd, and ${by} is not: put it there too, or etcd would have a member less`]
      : []),
    ...(isOfHosts && !members.includes(node) && members.includes(by)
      ? [`${by} is in the group etcd, and ${node} is not: take it out there, a member more is upgrade.mjs's to add`]
      : []),
    ...(balancers.includes(by) && !balancers.includes(node)
      ? [`${by} is in load_balancer, and ${node} is not: take it out there, or name another host`]
      : []),
    ...(stay.length > 0 && before.includes(node) && after.length === 0
      ? [`${node} has the only member of etcd: add another one first (upgrade.mjs)`]
      : []),
    ...(gone && before.includes(node) && after.length > 0 && after.length < needed
      ? [
          `without ${node} ${after.length} of ${before.length} members of etcd are left, and ${needed} are needed: bring ${node} back, or restore etcd from a snapshot`,
        ]
      : []),
  ]
}

/**
 * @param {Vars} vars
 * @param {import('rota').InventoryView} inventory
 */
export function playsOfReplacing({ node, by, gone }, inventory) {
  const leaving = { leaving: node }
  const anyErrorsFatal = true
  const ofNew = { hosts: by, anyErrorsFatal }
  /** While the new one is no master yet, and when it is. */
  const [before, after] = [
    playsOfLeaving({ node, gone, notYet: by }, inventory),
    playsOfLeaving({ node, gone }, inventory),
  ]
  const titled = (/** @type {import('rota').Play} */ play, /** @type {string} */ name) => ({ ...play, name })
  const [ready, seenDead] = [before.othersAreReady, before.othersAreReadyAndSeeItDead]

  return {
    before,
    after,

    // The name of the play is what the operator reads when it is not so.
    newCanBeReached: play('the new master can be reached, and is none yet', {
      ...ofNew,
      tasks: context => [
        assert({ that: 'it can be reached', holds: computed({}, () => undefined) }),
        mayTakeThePlaceOf(node)(context),
      ],
    }),

    othersAreReady: { ...ready, tasks: runsTheVersion },

    othersAreReadyAndSeeItDead: {
      ...seenDead,
      tasks: (/** @type {never} */ context) => [tasksOf(seenDead)(context), runsTheVersion(context)],
    },

    // What is found out before the first change needs no repair.
    nothingStandsInTheWay: { ...before.nothingStandsInTheWay, tasks: clientsDoWithout(node) },

    newMayJoin: play('nothing stands in the way of the new master', {
      ...ofNew,
      roles: [preflight(), masterEnginePreflight(), hostPreflight(leaving)],
    }),

    programsOfNew: play('programs of the version on the new master', {
      ...ofNew,
      tasks: [takesThePlaceOf(node)],
      roles: [kubeBinaries(), containerEnginePrograms()],
    }),

    etcdMemberJoins: play('into the etcd cluster', {
      ...ofNew,
      hosts: `etcd:&${by}`,
      // It may be that etcd is not on the masters.
      optional: true,
      gate: etcdHealthy(),
      roles: [etcd({ ...leaving, asksLeaving: !gone })],
    }),

    // kubespray has every member in every member's settings, and a member is not restarted for that.
    membersKnowIt: play('the members of etcd that stay know it', {
      hosts: `etcd:!${node}:!${by}`,
      optional: true,
      serial: 1,
      gate: etcdHealthy(),
      roles: [etcd({ ...leaving, asksLeaving: !gone })],
      anyErrorsFatal: true,
    }),

    newJoins: play('the new master joins, and is ready', {
      ...ofNew,
      gate: apiServerReady(),
      around: [drainNode(), drainApiServer()],
      roles: [containerEngine(), controlPlane(leaving)],
    }),

    allAreReady: titled(after.othersAreReady, 'the masters that stay, and the new one, are ready'),

    kernelBalancesToNew: play('the new master takes what the kernel balances to it', {
      ...ofNew,
      roles: [lvsRealServer(leaving)],
    }),

    // Both at once where the old one is listed still: one reload.
    inNodeProxies: titled(after.outOfNodeProxies, 'the proxy of every node leads to the new master'),
    inProxiesOfMasters: titled(after.outOfProxiesOfMasters, 'the proxies of masters that are nodes lead to it'),
    inBalancers: titled(after.outOfBalancers, 'the load balancers lead to it'),

    clientsOfNew: play('clients of the new master', {
      ...ofNew,
      around: [nodeServes()],
      roles: [kubeClients(leaving), nodeProxyAbsent()],
    }),

    // Who speaks VRRP by address is heard only by those who have been told of him.
    addressMayComeToNew: play('the virtual address may come to the new master', {
      ...ofNew,
      roles: [keepalived(leaving)],
    }),

    newIsMarked: play('labels and taints of the new master, and the certificate that it serves with', {
      ...ofNew,
      roles: [nodeLabel(), nodeTaint(), kubeletCsrApprover()],
    }),
  }
}

/**
 * @param {import('rota').Play} play
 * @returns {(context: never) => import('rota').Nested}
 */
const tasksOf =
  ({ tasks }) =>
  context =>
    typeof tasks === 'function' ? tasks(context) : (tasks ?? [])
