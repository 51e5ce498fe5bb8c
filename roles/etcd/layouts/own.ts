import { absent, assert, computed, directory, file, flushHandlers, packages, service, systemdUnit, waitFor } from 'rota'
import { etcdAccessAddressOf, etcdMembersOf, mastersOf } from '../../lib/cluster/index.ts'
import { certificateFile, of, pairFiles } from '../../lib/pki/index.ts'
import { bootstrapPath, etcdEnv, etcdUnit } from '../config.ts'
import { etcdctl } from '../etcdctl.ts'
import { joinCluster } from '../join.ts'
import { leaveCluster } from '../leave.ts'
import { nobodyElses } from '../nobody-elses.ts'
import { params as etcdParams } from '../params.ts'
import { promoteLearner } from '../promote.ts'
import { snapshotsStay } from '../snapshots-stay.ts'
import type { Layout } from './layout.ts'

const { dataDir, configDir } = etcdParams.properties

/** The distribution's etcd under a unit of our own, with certificates from `pki/` beside the inventory. */
export const own: Layout = {
  tasks: ({ params, host, inventory, prepared }) => {
    const join = { ...params, members: etcdMembersOf(inventory, params.leaving) }
    const pki = `${params.configDir}/pki`
    const owned = { owner: params.user, notify: 'restart' }
    return [
      params.deployment === 'docker' && noneInContainers,
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
      file({
        path: `${params.configDir}/etcd.env`,
        content: etcdEnv(params, host, etcdAccessAddressOf(host, inventory)),
        mode: '0644',
        notify: 'restart',
      }),
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
  absent: ({ params, host, inventory }) => [
    leaveCluster({
      ...params,
      others: etcdMembersOf(inventory, params.leaving),
      masters: mastersOf(inventory, params.leaving),
    }),
    service({ name: params.unit, enabled: false, running: false }),
    absent({ path: `/etc/systemd/system/${params.unit}.service` }),
    absent({ title: 'no data and keys of a member', path: [...dataOf(params), ...keysOf(params)], backup: false }),
    snapshotsStay(host.name, params.backupDir),
  ],
}

const noneInContainers = assert({
  that: 'etcd is to run in a container only where kubespray has made it so',
  holds: computed(
    {},
    () => 'etcd_deployment_type: docker is for an etcd that kubespray has made, and no host has one: set it to host',
  ),
})

// A directory of our own goes whole. One that somebody else chose may belong to a package, such as /var/lib/etcd, or
// hold more than ours.
const dataOf = (conf: { readonly dataDir: string }): readonly string[] =>
  conf.dataDir === dataDir.default ? [conf.dataDir] : [`${conf.dataDir}/member`]

const keysOf = (conf: { readonly configDir: string }): readonly string[] =>
  conf.configDir === configDir.default
    ? [conf.configDir]
    : [
        ...['ca.crt', ...['server', 'peer', 'client'].flatMap(name => [`${name}.crt`, `${name}.key`])].map(
          name => `${conf.configDir}/pki/${name}`,
        ),
        `${conf.configDir}/etcd.env`,
        bootstrapPath(conf.configDir),
      ]
