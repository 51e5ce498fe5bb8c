import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isFailure } from '../../../engine/failure/index.ts'
import { inventoryView } from '../../../engine/plan/views.ts'
import { load } from '../inventory/support.ts'

const addresses = { unless: 'v4', shared: ['access6', 'own6', 'ansible_host'], own: ['own6', 'ansible_host'] }
const view = async (line: string) => inventoryView(await load({ 'hosts.ini': `a ${line}\n` }, { addresses })).host('a')

const table: readonly (readonly [string, string, string])[] = [
  ['access_ip=10.0.0.9 ip=10.0.0.1 ansible_host=192.0.2.1', '10.0.0.9', '10.0.0.1'],
  ['ip=fd00::1 own6=fd00::2', 'fd00::1', 'fd00::1'],
  ['v4=true ip=10.0.0.1 own6=fd00::2', '10.0.0.1', '10.0.0.1'],
  ['v4=false ip=10.0.0.1 own6=fd00::2', 'fd00::2', 'fd00::2'],
  ['v4=no ip=10.0.0.1 own6=fd00::2 access6=fd01::2', 'fd01::2', 'fd00::2'],
  ['v4=false ip=10.0.0.1 ansible_host=fd00::3', 'fd00::3', 'fd00::3'],
]
for (const [line, address, ip] of table)
  test(`addresses of a host: ${line}`, async () => {
    const host = await view(line)
    assert.equal([host.address, host.ip], [address, ip])
  })

test('where IPv6 alone is spoken an address of IPv4 is refused, and what to set is said', async () => {
  const host = await view('v4=false ip=10.0.0.1 ansible_host=10.0.0.1')
  assert.throws(
    () => host.address,
    (error: unknown) =>
      isFailure(error, 'refused') &&
      /host a: its address 10.0.0.1 is one of IPv4, and v4 is false/.test(error.message) &&
      /ip6/.test(error.message),
  )
})

test('a link-local address with a zone is refused in that family too', async () => {
  const host = await view('v4=false own6=fe80::1%eth0')
  assert.match(host.addressProblems[0]?.message ?? '', 'one link of one host alone')
})

test.run()
