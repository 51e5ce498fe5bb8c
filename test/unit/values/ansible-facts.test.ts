import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { addresses, factTable, os, route } from '../../../engine/facts/index.ts'
import { ansibleFacts } from '../../../engine/values/ansible-facts.ts'
import { factNames } from '../../../engine/values/fact-names.ts'

const system = {
  id: 'ubuntu',
  like: ['debian'],
  version: '22.04',
  codename: 'jammy',
  architecture: 'x86_64',
  kernel: '5.15.0',
  hostname: 'n1.example.com',
  packageManager: 'apt',
  init: 'systemd',
} as const
const eth0 = { interface: 'eth0', family: 'inet', address: '10.0.0.9', prefix: 24, scope: 'global' } as const
const lo = { interface: 'lo', family: 'inet', address: '127.0.0.1', prefix: 8, scope: 'host' } as const
const facts = (id: string) =>
  ansibleFacts(
    factTable(
      [os({}), { ...system, id }],
      [addresses({}), [lo, eth0]],
      [route({ to: '8.8.8.8' }), { type: 'route', interface: 'eth0', source: '10.0.0.9', gateway: '10.0.0.1' }],
      [route({ to: '2404:6800:400a:800::1012' }), { type: 'none', reason: 'unreachable' }],
    ),
  )

test('the names and shapes of the setup module', () => {
  assert.equal(facts('ubuntu'), {
    ansible_architecture: 'x86_64',
    ansible_machine: 'x86_64',
    ansible_kernel: '5.15.0',
    ansible_system: 'Linux',
    ansible_nodename: 'n1.example.com',
    ansible_hostname: 'n1',
    ansible_pkg_mgr: 'apt',
    ansible_service_mgr: 'systemd',
    ansible_distribution: 'Ubuntu',
    ansible_os_family: 'Debian',
    ansible_distribution_major_version: '22',
    ansible_distribution_release: 'jammy',
    ansible_distribution_version: '22.04',
    ansible_all_ipv4_addresses: ['10.0.0.9'],
    ansible_all_ipv6_addresses: [],
    ansible_default_ipv4: { interface: 'eth0', address: '10.0.0.9', gateway: '10.0.0.1', prefix: '24' },
    ansible_default_ipv6: {},
  })
})

test('what is not known is not made up, and every fact has its name on the list', () => {
  assert.is(facts('debian').ansible_distribution_version, undefined)
  assert.is(facts('strange').ansible_os_family, undefined)
  assert.equal(
    Object.keys(facts('ubuntu')).filter(name => !factNames.has(name)),
    [],
  )
})

test.run()
