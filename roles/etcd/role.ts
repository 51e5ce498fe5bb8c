import { defineRole, directory, file, flushHandlers, packages, service, systemdUnit, waitFor } from 'rota'
import { cluster, clusterProblems, etcdMembersOf, isLeaving, unknownLeavingMember } from '../lib/cluster/index.ts'
import {
  certificateFile,
  defaultLifetime,
  etcdAuthorities,
  etcdWishes,
  of,
  type PreparedCertificates,
  pairFiles,
  prepareCertificates,
} from '../lib/pki/index.ts'
import { etcdEnv, etcdUnit } from './config.ts'
import { etcdctl } from './etcdctl.ts'
import { joinCluster } from './join.ts'
import { nobodyElses } from './nobody-elses.ts'
import { params } from './params.ts'
import { promoteLearner } from './promote.ts'

/**
 * A member of the etcd cluster: new clusters and new members alike. Existing members are left alone when one is added.
 */
export const etcd = defineRole({
  name: 'etcd',
  description: 'a member of the etcd cluster',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, inventory }) => unknownLeavingMember(inventory, params.leaving),
  prepare: ({ hosts, inventory, check }): Promise<PreparedCertificates> =>
    prepareCertificates(
      { inventory, check },
      hosts.flatMap(({ host, params }) => (params.deployment === 'host' ? etcdWishes(host) : [])),
      etcdAuthorities,
      { ...defaultLifetime, certificateDays: hosts[0]?.params.certificateDays ?? defaultLifetime.certificateDays },
    ),
  tasks: ({ params, host, inventory, prepared }) => {
    if (params.deployment !== 'host' || isLeaving(host, params.leaving)) return []
    const join = { ...params, members: etcdMembersOf(inventory, params.leaving) }
    const pki = `${params.configDir}/pki`
    const owned = { owner: params.user, notify: 'restart' }
    return [
      nobodyElses(params.unit),
      packages({ names: params.packages, start: false }),
      // The package's own etcd listens on 2379 too, with a configuration that nobody has written.
      service({ name: 'etcd', enabled: false, running: false, masked: true }),
      joinCluster(join),
      directory({ path: params.configDir, mode: '0755' }),
      directory({ path: pki, mode: '0755' }),
      directory({ path: params.dataDir, mode: '0700', owner: params.user, group: params.user }),
      certificateFile(`${pki}/ca.crt`, prepared.pair('etcd/ca').certificate, owned),
      pairFiles(`${pki}/server`, prepared.pair(of(host, 'etcd/server')), owned),
      pairFiles(`${pki}/peer`, prepared.pair(of(host, 'etcd/peer')), owned),
      pairFiles(`${pki}/client`, prepared.pair(of(host, 'etcd/client'))),
      file({ path: `${params.configDir}/etcd.env`, content: etcdEnv(params, host), mode: '0644', notify: 'restart' }),
      systemdUnit({ name: `${params.unit}.service`, content: etcdUnit(params), notify: 'restart' }),
      flushHandlers(),
      service({ name: params.unit, enabled: true, running: true }),
      // A learner answers this too, before it has a vote.
      waitFor({
        check: { run: etcdctl(params, 'endpoint', 'status') },
        timeout: 120,
        title: 'wait until etcd answers',
      }),
      promoteLearner(join),
    ]
  },
  handlers: ({ params }) => ({ restart: service.restart(params.unit) }),
})
