import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isFailure } from '../../engine/failure/index.ts'
import { loadInventory } from '../../engine/inventory/index.ts'
import { resolveVar } from '../../engine/values/resolve.ts'
import { askTemplates, python } from './oracle.ts'

// Every query about every value, here and with the collection ansible.utils (scripts/test/collections.mjs unpacks it).
const isThere = existsSync(join(homedir(), '.cache/rota-test/collections/ansible_collections/ansible/utils'))

const values: readonly unknown[] = [
  ...['10.0.0.1', '10.0.0.1/24', '10.0.0.0/24', '10.0.0.255/24', '192.168.1.4/30', '192.168.1.5/30', '192.168.1.7/30'],
  ...['10.0.0.2/31', '10.0.0.3/31', '10.0.0.1/32', '0.0.0.0/0', '10.0.0.0/255.255.255.0', '10.233.0.0/18', '8.8.8.8'],
  ...['224.0.0.1', '239.1.1.1', '169.254.1.1/16', '127.0.0.1', '100.64.1.1', '255.255.255.0', '0.0.0.255', '192.0.2.1'],
  ...['fd00::1', 'fd00::/64', 'fd00::5/64', '::1', '2001:db8::/127', '2001:db8::1/127', 'fe80::1', 'ff02::1', '::/0'],
  ...[
    '2001:0DB8:0:0::1',
    '::ffff:10.0.0.1',
    '2600::1',
    '2600::/48',
    'foo',
    '',
    '300.1.1.1',
    '10.0.0.1/33',
    '1.2.3.4/x',
  ],
  ...['10.0.0.1/24/5', '3232235777', '281474976710656', 'fe80::1%eth0'],
  ...[3232235777, 0, true, false, null, 1.5, ['10.0.0.1', 'x', 'fd00::1', '10.0.0.0/8'], [], { a: 1 }],
]

/** What is no text is only asked about with ipaddr, ipv4 and ipv6. Of `::/0`, ipsubnet there makes networks of IPv4. */
const isAsked = (value: unknown, ask: string): boolean =>
  (typeof value === 'string' || /^ip(addr|v4|v6)\b/.test(ask)) && !(value === '::/0' && ask.startsWith('ipsubnet'))

const queries: readonly string[] = [
  ...['', 'address', 'ip', 'address/prefix', 'host/prefix', 'hostnet', 'gw', 'host', 'ip/prefix', 'ip_netmask', 'cidr'],
  ...['bool', 'broadcast', 'net', 'network', 'network_id', 'network/prefix', 'subnet', 'network_netmask', 'prefix'],
  ...['network_wildcard', 'netmask', 'hostmask', 'wildcard', 'size', 'size_usable', 'first_usable', 'last_usable'],
  ...['range_usable', 'next_usable', 'previous_usable', 'peer', 'type', 'version', 'int', 'ipv4', 'ipv6', 'wrap'],
  ...['private', 'public', 'unicast', 'multicast', 'loopback', 'lo', 'link-local', 'revdns', '10.0.0.0/8', 'fd00::/8'],
  ...['10.0.0.1', '::/0', 'nope'],
]
const asText = (text: string): string => `'${text}'`
const asks: readonly string[] = [
  ...queries.map(query => `ipaddr(${asText(query)})`),
  ...['0', '1', '-1', '5', '300', '70000', "'1'"].map(query => `ipaddr(${query})`),
  ...['', "'address'", '1', "'network'", "'10.0.0.0/8'", "'private'"].flatMap(query => [
    `ipv4(${query})`,
    `ipv6(${query})`,
  ]),
  'ipaddr',
  'ipwrap',
  ...['', '8', '24, 0', '24, 2', '26', '26, -1', '26, 100', '64, 1', '128', '130'].map(query => `ipsubnet(${query})`),
  ...['0', '1', '-1', '300', "'x'"].map(query => `nthhost(${query})`),
  ...['1', '-3', '256', "'x'"].map(query => `ipmath(${query})`),
]

/** What is refused here on purpose, and has an answer there. */
const refused = [/position of a network is not supported/, /requested subnet size of \d+ is invalid/]

async function mine(): Promise<readonly { readonly json?: string; readonly why?: string }[]> {
  const named = values.map((value, index): [string, unknown] => [`v${index}`, value])
  const templates = values.flatMap((_, row) =>
    asks.map((ask, column): [string, unknown] => [`t${row}_${column}`, `{{ v${row} | ansible.utils.${ask} }}`]),
  )
  const extra = JSON.stringify(Object.fromEntries([...named, ...templates]))
  const inventory = await loadInventory({ sources: ['h,'], extraVars: [extra] })
  const host = inventory.implicitHost('h')
  return templates.map(([name]) => {
    try {
      const value = resolveVar(inventory, host, name)?.value
      return { json: JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner)) }
    } catch (error) {
      if (!isFailure(error, 'refused')) throw error
      return { why: error.message }
    }
  })
}

if (python === undefined || !isThere) {
  test.skip('the ipaddr family answers as in ansible.utils (the collection is not there)')
} else {
  test('the ipaddr family answers as in ansible.utils', async () => {
    const variables = Object.fromEntries(values.map((value, index) => [`v${index}`, value]))
    const templates = values.flatMap((_, index) => asks.map(ask => `{{ v${index} | ansible.utils.${ask} | to_json }}`))
    const theirs = askTemplates(variables, templates)
    assert.ok(theirs.filter(answer => answer !== null).length > templates.length / 2, 'the oracle answers')
    const ours = await mine()
    const unlike = values.flatMap((value, row) =>
      asks.flatMap((ask, column) => {
        if (!isAsked(value, ask)) return []
        const { json, why } = ours[row * asks.length + column] ?? {}
        if (why !== undefined && refused.some(reason => reason.test(why))) return []
        const answer = theirs[row * asks.length + column] ?? null
        const other = answer === null ? undefined : withoutQuotes(answer)
        return json === other ? [] : [`${JSON.stringify(value)} | ${ask}: ${json ?? why}, there ${other}`]
      }),
    )
    assert.is(unlike.join('\n'), '')
  })
}

/**
 * Ansible shows JSON's text once more as JSON, where it is not read back. Numbers too large for JavaScript become text.
 */
function withoutQuotes(answer: string): string {
  const value: unknown = JSON.parse(answer)
  const text = typeof value === 'string' ? value : answer
  return JSON.stringify(JSON.parse(text.replaceAll(/(?<!["\d/:.])\d{17,}(?!["\d/:.])/g, '"$&"')))
}

test.run()
