// @ts-check
// Plays about add-ons of the cluster: those that the operator names (`upgrade_addons`), each when its turn is.
import { play } from 'rota'
import { addons, addonsSeen } from 'rota/roles'

const ofMasters = { hosts: 'kube_control_plane', tags: 'addons', anyErrorsFatal: true }

/** It looks, and changes nothing. */
export const addonsInPlace = play('add-ons in place', {
  hosts: 'kube_control_plane',
  tags: 'addons',
  roles: [addonsSeen()],
})

/** Such as do not work with the new version as they are. */
export const addonsGoFirst = play('add-ons that go before the masters', {
  ...ofMasters,
  roles: [addons({ when: 'before-masters' })],
})

/**
 * kubespray's order: the network plugin after the masters, its apps after the nodes.
 * @param {'masters' | 'nodes'} whom
 */
export const addonsFollow = whom =>
  play(`add-ons that go after the ${whom}`, { ...ofMasters, roles: [addons({ when: `after-${whom}` })] })
