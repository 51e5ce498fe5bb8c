import * as fc from 'fast-check'
import { test } from 'uvu'
import { equal, is, not, ok } from 'uvu/assert'
import { redacted } from '../../../engine/journal/redact.ts'
import { newRedactor } from '../../../engine/secrets/redactor.ts'
import { cpuTime } from '../../cpu-time.ts'

test('a secret is replaced wherever its text stands, in any depth', () => {
  const hidden = newRedactor()
  hidden.add(['pa.ss*word'])
  const diff = { path: '/a', before: 'x pa.ss*word y', after: 'pa-ss-word' }
  const event = { kind: 'task', host: 'h', play: 'p', role: 'r', task: 't', status: 'changed', diff } as const
  equal(redacted(event, hidden), { ...event, diff: { ...diff, before: 'x ******** y' } })
})

test('a secret that is a word of ours does not change what happened, nor to whom', () => {
  const hidden = newRedactor()
  hidden.add(['changed', 'master'])
  const about = { kind: 'task', host: 'master-1', play: 'p', role: 'r', status: 'changed' } as const
  equal(redacted({ ...about, task: 'master has changed' }, hidden), { ...about, task: '******** has ********' })
})

test('a secret is also known as a shell quotes it, and by the value of its `key: value` lines', () => {
  const hidden = newRedactor()
  hidden.add(["it's me", 'keys:\n  secret: c2VjcmV0'])
  equal(hidden.text(`login 'it'\\''s me', c2VjcmV0`), `login '********', ********`)
})

test('the lines of a secret of several lines are hidden one by one', () => {
  const hidden = newRedactor()
  hidden.add(['-----BEGIN KEY-----\nabcdef\n'])
  equal(hidden.text('got abcdef'), 'got ********')
})

test('property: no secret of four characters or more is left in a text', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ minLength: 4 }).filter(text => text.trim().length >= 4 && !text.includes('*')),
        { minLength: 1 },
      ),
      fc.string(),
      (secrets, around) => {
        const hidden = newRedactor()
        hidden.add(secrets)
        const text = hidden.text(secrets.join(around))
        for (const secret of secrets) not(text.includes(secret) && !around.includes(secret))
      },
    ),
  )
})

const encodings: Readonly<Record<string, (text: string) => string>> = {
  JSON: text => JSON.stringify({ a: text }),
  'JSON in JSON': text => JSON.stringify(JSON.stringify({ a: text })),
  'YAML, single quotes': text => `a: '${text.replaceAll("'", "''")}'`,
  'YAML, double quotes': text => `a: "${text.replace(/["\\]/g, '\\$&')}"`,
  URL: text => `http://a/?b=${encodeURIComponent(text)}&c`,
  'URL, small hex': text => encodeURIComponent(text).replace(/%../g, part => part.toLowerCase()),
  'URL, every byte': text => Buffer.from(text).toString('hex').replace(/../g, '%$&'),
  'URL twice': text => encodeURIComponent(encodeURIComponent(text)),
  form: text => String(new URLSearchParams({ user: 'x', pass: text })),
  shell: text => `login '${text.replaceAll("'", `'\\''`)}'`,
  'shell, backslashes': text => text.replace(/[^A-Za-z0-9]/g, '\\$&'),
  Python: text => `{'a': '${text.replace(/['\\]/g, '\\$&')}'}`,
  'Go and Python, escaped to ASCII': text =>
    `"${text.replace(/[^ -~]|["\\<>&]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`,
  'bytes of C': text =>
    [...Buffer.from(text, 'latin1')].map(byte => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  HTML: text =>
    text.replace(
      /[&<>"']/g,
      char => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[char] ?? '',
    ),
  'XML, by number': text => text.replace(/[&<>"']/g, char => `&#x${char.charCodeAt(0).toString(16)};`),
  base64: text => Buffer.from(text).toString('base64'),
  'base64 after one byte': text => Buffer.from(`u${text}`).toString('base64'),
  'base64 after two bytes': text => Buffer.from(`u:${text}`).toString('base64'),
  'base64 of user and secret': text => `Authorization: Basic ${Buffer.from(`user:${text}`).toString('base64')}`,
  'base64 of URLs': text => Buffer.from(`a?${text}?b`).toString('base64url'),
  'base64, broken into lines': text =>
    (
      Buffer.from(`${'x'.repeat(50)}${text}${'y'.repeat(30)}`)
        .toString('base64')
        .match(/.{1,76}/g) ?? []
    ).join('\n    '),
  'base64, broken into lines, in JSON': text =>
    JSON.stringify(
      (
        Buffer.from(`${'x'.repeat(50)}${text}${'y'.repeat(30)}`)
          .toString('base64')
          .match(/.{1,64}/g) ?? []
      ).join('\n'),
    ),
  hex: text => Buffer.from(text).toString('hex'),
  'hex, capitals': text => Buffer.from(text).toString('hex').toUpperCase(),
  'hex with colons': text => (Buffer.from(text).toString('hex').match(/../g) ?? []).join(':'),
  'hex in groups': text =>
    (
      Buffer.from(text)
        .toString('hex')
        .match(/.{1,4}/g) ?? []
    ).join(' '),
}

const secrets = [
  'CANARY"quote\\back$dollar',
  'plain-and-simple-1',
  `it's <b>&amp;lt; "fun" &gt; 'x'`,
  '100%41 of %2541',
  'pässwörd€ñ',
  '+/+/??>>~~ blank  and\ttab',
  'C:\\new\\table\\u0041',
]

for (const [name, encode] of Object.entries(encodings)) {
  test(`a secret is hidden however it is written: ${name}`, () => {
    for (const secret of secrets.filter(text => name !== 'bytes of C' || /^[ -~]*$/.test(text))) {
      const hidden = newRedactor()
      const written = encode(secret)
      is(hidden.text(written), written, 'an unknown one stays')
      hidden.add([secret])
      for (const text of [written, `before ${written} after`, `\n"${written}"\n`]) {
        const shown = hidden.text(text)
        ok(shown.includes('********'), `${secret} in ${text}: ${shown}`)
        // The letters of base64 at its edges are made of what stands beside it, too.
        const around = text.length - written.length + encode('').length
        ok(shown.replaceAll('*', '').length <= around + 8, `${secret} in ${text}: ${shown}`)
      }
      ok(hidden.isIn(written), `${name} of ${secret}`)
    }
  })
}

test('what stands beside a hidden secret stays as it was written', () => {
  const hidden = newRedactor()
  hidden.add(['p"w\\d-1234'])
  is(hidden.text('{"a":"p\\"w\\\\d-1234","b":"x\\ny"}'), '{"a":"********","b":"x\\ny"}')
})

test('a secret too short to be looked for is hidden where it is all there is', () => {
  const hidden = newRedactor()
  hidden.add(['abc'])
  equal(['abc', ' abc\n', 'abcd', 'x abc'].map(hidden.text), ['********', '********', 'abcd', 'x abc'])
})

test('a short password, an address, a name, a path or a version does not make a secret of what it stands in', () => {
  const hidden = newRedactor()
  const all = ['admin', '6443', '10.20.30.40', '10.20.30.0/24', 'lb.example.com', 'v1.28.14', '/etc/kubernetes/ssl']
  hidden.add(all)
  for (const text of all) equal([hidden.text(`x ${text} y`), hidden.isIn(`x ${text} y`)], ['x ******** y', false])
  hidden.add(['correct-horse'])
  ok(hidden.isIn('password: correct-horse'))
})

test('two hundred secrets in ten megabytes are looked for in seconds', () => {
  const hidden = newRedactor()
  hidden.add(Array.from({ length: 200 }, (_, index) => `secret-${index}-"of"/some length ${index * 7919}`))
  const line = `${String.raw`Nov 28 20:32:36 node-1 kubelet[123]: I1128 {"level":"info","msg":"it\'s a \"line\" with 50% of escapes"}`}\n`
  const text = line.repeat(Math.ceil((10 * 1024 * 1024) / line.length))
  const started = cpuTime()
  const shown = hidden.text(`${text}secret-7-\\"of\\"/some length 55433`)
  const seconds = (cpuTime() - started) / 1000
  is(shown, `${text}********`)
  ok(seconds < 10, `${seconds} s`)
})

test('what is only hidden makes no secret of what it stands in, until it is one as well', () => {
  const hidden = newRedactor()
  hidden.add(['another-Secret-Word'])
  hidden.hide(['kube-controller-manager-7'])
  equal(
    [hidden.text('of kube-controller-manager-7'), hidden.isIn('of kube-controller-manager-7')],
    ['of ********', false],
  )
  hidden.add(['kube-controller-manager-7'])
  is(hidden.isIn('of kube-controller-manager-7'), true)
})

test.run()
