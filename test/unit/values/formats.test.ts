import { isIP } from 'node:net'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type FormatName, formats, isOfFormat } from '../../../engine/values/formats.ts'

/** What each format takes, and what it does not, beside what none of them takes. */
const table: Readonly<Record<FormatName, { readonly good: readonly string[]; readonly bad: readonly string[] }>> = {
  address: {
    good: ['10.0.0.1', '::', 'fd00::1', '2001:DB8::10.0.0.1'],
    bad: ['fe80::5%eth0', '10.0.0.256', '10.0.0.01', '10.0.0', '[::1]', '10.0.0.1/24', 'a', '1:2:3:4:5:6:7:8:9'],
  },
  'dns-name': {
    good: ['a', 'cp-a.corp.test', 'LB.Example', '1a.2b'],
    bad: ['-a', 'a-', 'a..b', 'a.', '10.0.0.1', '10.0.0.999', 'a_b', 'büro', `${'a'.repeat(64)}.b`],
  },
  'address-or-name': { good: ['10.0.0.1', 'fd00::1', 'a.b'], bad: ['10.0.0.999', 'fe80::5%eth0', '*'] },
  'listen-address': { good: ['0.0.0.0', '::', '*', 'localhost'], bad: ['0.0.0.0:80', '*:80', '/run/x'] },
  'certificate-name': { good: ['10.0.0.1', '*.a.b', 'a'], bad: ['*', 'a.*', 'fe80::5%eth0', 'DNS:a'] },
  endpoint: { good: ['a:1', '10.0.0.1:6443', '[fd00::1]:6443'], bad: ['a', 'a:', 'a:b', 'a/b:1'] },
  url: { good: ['http://a/b?c=d&e', 'https://a:1/'], bad: ['ftp://a', 'http://', 'http://a b'] },
  'https-server': { good: ['https://a', 'https://[::1]:1'], bad: ['http://a', 'https://a/b', 'https://a@b'] },
  'http-server': { good: ['http://a', 'http://10.0.0.1:8080'], bad: ['https://a', 'http://a/b'] },
  'absolute-path': { good: ['/', '/etc/nginx', '/srv/a@b+c~1:2'], bad: ['etc', '~/a', '/%n', '/a*', '/a|b'] },
  'uri-path': { good: ['/', '/status', '/a%20b'], bad: ['status', '/a?b', '/a#b'] },
  word: { good: ['a', 'unix:///run/x.sock', 'büro'], bad: ['', '{', '%n'] },
  'unix-user': { good: ['root', '_apt', 'kube-user'], bad: ['-u', '1a', 'a:b', 'a,b', 'a'.repeat(33)] },
  'unit-name': { good: ['nginx-proxy', 'a@b'], bad: ['-a', '../a', 'a/b'] },
  interface: { good: ['eth0', 'bond0.12', 'br-1', 'eth0:1'], bad: ['', 'a/b', 'a'.repeat(16)] },
  image: { good: ['docker.io/library/nginx', 'r:5000/a'], bad: ['-v', '/a', 'a@b'] },
  'image-tag': { good: ['1.13-alpine', 'v1'], bad: ['-a', 'a:b', 'a/b'] },
  'package-name': { good: ['nginx', 'g++', 'libc6:amd64', 'nginx=1.2*'], bad: ['-y', 'a/b', 'a>b'] },
  version: { good: ['v1.30.4', '1.2.3', '1.2.3-rc.1', 'v1.2.3+k3s1'], bad: ['1.30', 'v1', 'latest', '1.2.3/..'] },
  duration: { good: ['0', '300', '300s', '1h30m'], bad: ['soon', '-1', '1.5h', '1d', 's'] },
  'address-ranges': {
    good: ['10.233.0.0/18', 'fd00::/108', '10.0.0.0/8,fd00::/64'],
    bad: ['10.233.0.0', '10.0.0/8', '10.0.0.0/8 ', 'a/8'],
  },
}

/** What would be read as more than a value by what it is written to. */
const hostile = [
  '\n',
  '\r',
  '\0',
  '\t',
  ' ',
  '\u2028',
  '\x1b[2J',
  '\x9b',
  '\u202e',
  '"',
  "'",
  '`',
  '\\',
  '#',
  ';',
  '}',
  '$(id)',
]

for (const [name, { good, bad }] of Object.entries(table) as [FormatName, (typeof table)[FormatName]][])
  test(`format ${name}: ${formats[name].expected}`, () => {
    for (const text of good) assert.ok(isOfFormat(name, text), text)
    for (const text of bad) assert.not.ok(isOfFormat(name, text), text)
    const mayHave = name === 'url' ? ['#', ';', '$(id)'] : []
    for (const sign of hostile.filter(text => !mayHave.includes(text)))
      for (const text of good)
        for (const made of [text + sign, sign + text, `${text}${sign}${text}`])
          assert.not.ok(isOfFormat(name, made), JSON.stringify(made))
  })

test('an address is what the system takes for one, without a zone', () => {
  const group = fc.oneof(
    fc.constantFrom('', '0', '::', ':', 'ffff', '10.0.0.1', '256', '1.2.3', '01'),
    fc.stringMatching(/^[0-9a-fA-F]{0,5}$/),
  )
  const shape = fc.array(group, { maxLength: 9 }).map(parts => parts.join(':'))
  const four = fc.array(fc.oneof(fc.integer({ min: 0, max: 300 }).map(String), fc.constantFrom('', '00', '1e')), {
    maxLength: 5,
  })
  fc.assert(
    fc.property(
      fc.oneof(
        shape,
        four.map(parts => parts.join('.')),
        fc.ipV4(),
        fc.ipV6(),
        fc.string(),
      ),
      text => {
        assert.is(isOfFormat('address', text), isIP(text) !== 0 && !text.includes('%'), JSON.stringify(text))
      },
    ),
    { numRuns: 5000 },
  )
})

test.run()
