import { readdirSync, readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isOfFormat } from '../../engine/values/formats.ts'
import { isMemberOf } from '../../roles/etcd/config.ts'
import { proxyCfg } from '../../roles/haproxy-proxy/haproxy.cfg.ts'
import { realServersIn, virtualServer } from '../../roles/keepalived/virtual-server.ts'
import { canonicalAddress, canonicalEndpoint, endpoint, httpsUrl, httpUrl } from '../../roles/lib/cluster/index.ts'
import { endpointsIn } from '../../roles/lib/cluster/ready.ts'
import { host } from './support/inventory.ts'

// Every URL and `host:port` of the project is made by one function; addresses are compared as what they are.

const v6 = fc.ipV6().filter(isIPv6)
const anywhere = fc.oneof(fc.ipV4(), v6, fc.domain())
const port = fc.integer({ min: 1, max: 65535 })
const bare = (hostname: string) => hostname.replace(/^\[|\]$/g, '')

/** The same address in another way: all groups, capital letters, zeros in front. */
const inFull = (address: string): string => {
  const [head = '', tail = ''] = canonicalAddress(address).split('::')
  const groups = (text: string) => text.split(':').filter(Boolean)
  const gap = Array.from({ length: 8 - groups(head).length - groups(tail).length }, () => '0')
  return [...groups(head), ...gap, ...groups(tail)].map(group => group.padStart(4, '0').toUpperCase()).join(':')
}

test('a URL is read back with the same host and port, whatever the host is', () =>
  fc.assert(
    fc.property(anywhere, port, (address, number) => {
      for (const url of [httpsUrl(address, number, '/readyz'), httpUrl(address, number, '/readyz')]) {
        const read = new URL(url)
        assert.is(bare(read.hostname), canonicalAddress(address).toLowerCase())
        assert.is(Number(read.port || (read.protocol === 'https:' ? 443 : 80)), number)
        assert.is(read.pathname, '/readyz')
      }
    }),
  ))

test('an address with a zone is refused before a URL is made of it', () =>
  fc.assert(
    fc.property(v6, fc.stringMatching(/^[a-z][a-z0-9]{0,9}$/), (address, zone) => {
      for (const format of ['address', 'address-or-name', 'endpoint'] as const)
        assert.is(isOfFormat(format, `${address}%${zone}`), false)
      assert.is(isOfFormat('https-server', `https://[${address}%${zone}]:6443`), false)
    }),
  ))

test('an address of IPv6 is the same however it is written', () =>
  fc.assert(
    fc.property(v6, port, (address, number) => {
      assert.is(canonicalAddress(inFull(address)), canonicalAddress(address))
      assert.is(canonicalEndpoint(`[${inFull(address)}]:${number}`), canonicalEndpoint(endpoint(address, number)))
    }),
  ))

test('a member of etcd is that of a host by its address, never by the beginning of one', () => {
  const at = { peerPort: 2380 }
  const peers = (...peerUrls: readonly string[]) => ({ peerUrls })
  assert.is(isMemberOf(host('a', '10.0.0.2'), at)(peers('https://10.0.0.21:2380')), false)
  assert.is(isMemberOf(host('a', '2001:db8::1'), at)(peers('https://[2001:DB8:0:0::1]:2380')), true)
  assert.is(isMemberOf(host('a', '2001:db8::1'), at)(peers('https://[2001:db8::11]:2380')), false)
  fc.assert(
    fc.property(v6, v6, (one, other) => {
      const isOwn = isMemberOf(host('a', one), at)
      assert.is(isOwn(peers(`https://[${inFull(one)}]:2380`)), true)
      assert.is(isOwn(peers(httpsUrl(other, 2380))), canonicalAddress(one) === canonicalAddress(other))
      assert.is(isOwn(peers(httpsUrl(one, 2379))), false)
    }),
  )
})

test('the masters that a configuration lists are found again in it', () => {
  const conf = {
    ...{ bind: ['127.0.0.1'], port: 6443, apiserverPort: 6443, healthPort: 0, healthBind: '0.0.0.0', check: 'healthz' },
    ...{ checkInterval: '15s', fall: 2, rise: 2, slowStart: '60s', connectTimeout: '1s', clientTimeout: '1s' },
    ...{ serverTimeout: '1s', resilient: true, anonymousAuth: true },
  }
  const lvs = {
    address: 'fd00::9',
    port: 1,
    delayLoop: 1,
    algorithm: 'rr',
    kind: 'NAT',
    persistence: 0,
    check: 'tcp',
    anonymousAuth: true,
  } as const
  fc.assert(
    fc.property(fc.uniqueArray(fc.oneof(fc.ipV4(), v6), { selector: canonicalAddress, minLength: 1 }), addresses => {
      const masters = addresses.map((address, index) => host(`m${index}`, address))
      const wanted = addresses.map(address => canonicalEndpoint(endpoint(address, 6443))).sort()
      assert.equal([...endpointsIn(proxyCfg(conf, masters))].sort(), wanted)
      const servers = virtualServer({ ...lvs, masters, masterPort: 6443 }).join('\n')
      assert.equal([...realServersIn(servers)].sort(), wanted)
    }),
  )
})

test('nobody else makes a URL of an address and a port', () => {
  const root = fileURLToPath(new URL('../../roles/', import.meta.url))
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts') && file !== join('lib', 'cluster', 'address.ts'))
    .flatMap(file =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .filter(line => /https?:\/\/\$\{(?!endpoint\})|\$\{\w*[aA]ddress\}:\$\{/.test(line))
        .map(line => `${file}: ${line.trim()}`),
    )
  assert.equal(found, [])
})

test.run()
