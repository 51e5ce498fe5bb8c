// @ts-check
// Plays about what balances between the masters. Each takes `{ serial: '20%' }`; without it all hosts go at once.
import { play } from 'rota'
import {
  haproxy,
  haproxyAbsent,
  keepalived,
  keepalivedAbsent,
  lvsRealServer,
  lvsRealServerAbsent,
  nginxVip,
  nginxVipAbsent,
} from 'rota/roles'

/** @typedef {Pick<import('rota').PlayOptions, 'serial'>} Pace */

const balancers = ['load_balancer', 'kube_control_plane']

export const kernelBalancesToMasters = (/** @type {Pace} */ pace = {}) =>
  play('masters that the kernel balances to', {
    hosts: 'kube_control_plane',
    tags: 'lvs',
    roles: [lvsRealServer()],
    anyErrorsFatal: true,
    ...pace,
  })

/** What was there before stays until its clients have gone, but for one on the same port. */
export const balancersAndTheirAddress = (/** @type {Pace} */ pace = {}) =>
  play('load balancers of the masters, and their virtual address', {
    hosts: balancers,
    roles: [
      haproxy({}, { tags: 'haproxy' }),
      nginxVip({}, { tags: 'nginx-vip' }),
      keepalived({}, { tags: ['keepalived', 'lvs'] }),
    ],
    anyErrorsFatal: true,
    ...pace,
  })

/** Last, when clients have gone to the new one. The address leaves first, then what it led to. */
export const nothingOfOtherBalancers = (/** @type {Pace} */ pace = {}) =>
  play('nothing of another load balancer is left', {
    hosts: balancers,
    tags: 'leftovers',
    roles: [keepalivedAbsent(), haproxyAbsent(), nginxVipAbsent(), lvsRealServerAbsent()],
    anyErrorsFatal: true,
    ...pace,
  })
