import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bytesOf, followed, path } from '../../../engine/facts/path.ts'
import { nameOf, probeWith, shells } from './probe.ts'

const dir = mkdtempSync('/tmp/rota-path-')
test.after(() => rmSync(dir, { recursive: true, force: true }))
const hash = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex')

const strange = join(dir, `it's "a" $(file) \\ * ü|x`)
const binary = Buffer.from([0, 1, 255, 10, 13, 10])
writeFileSync(strange, binary)
writeFileSync(join(dir, 'empty'), '')
writeFileSync(join(dir, 'large'), Buffer.alloc(1024 * 1024 + 1))
const veryLarge = randomBytes(10_000_001)
const asLarge = randomBytes(10_000_000)
writeFileSync(join(dir, 'large "a" \\ |s 1'), veryLarge)
writeFileSync(join(dir, 'as-large'), asLarge)
symlinkSync('large "a" \\ |s 1', join(dir, 'to-large'))
mkdirSync(join(dir, 'folder'), { mode: 0o750 })
chmodSync(join(dir, 'folder'), 0o2750)
symlinkSync('empty', join(dir, 'link'))
symlinkSync('folder', join(dir, 'to-folder'))
symlinkSync('nowhere', join(dir, 'dangling'))
mkdirSync(join(dir, 'folder/inner'))
symlinkSync('to-folder/inner/../inner', join(dir, 'to-inner'))
const odd = `it's "no" -> way|\\ ü`
symlinkSync(odd, join(dir, `${odd} x`))
symlinkSync('/nowhere/at/all', join(dir, 'lost'))
symlinkSync('/proc/self/mounts', join(dir, 'to-own'))
execFileSync('mkfifo', [join(dir, 'pipe')])

for (const shell of shells) {
  const look = (name: string, asked: object = {}) =>
    path({ path: name.startsWith('/') ? name : join(dir, name), ...asked })

  test(`${nameOf(shell)}: what is there`, () => {
    const all = { sha256: true, content: true }
    const facts = probeWith(
      shell,
      look(strange, all),
      look('empty', all),
      look('large', all),
      look('folder', all),
      look('missing/too', all),
      look('pipe', all),
    )
    const [file, empty, large, folder, missing, pipe] = facts
    assert.is(file?.type === 'file' && file.sha256, hash(binary))
    assert.equal(file && Buffer.from(bytesOf(file) ?? []), binary)
    assert.is(empty && bytesOf(empty)?.byteLength, 0)
    assert.equal(large?.type === 'file' && large.content, { missing: 'tooLarge' })
    assert.is(folder?.type === 'directory' && folder.mode, '2750')
    assert.equal(missing, { type: 'absent' })
    assert.is(pipe?.type, 'pipe')
  })

  test(`${nameOf(shell)}: links`, () => {
    const [link, toFolder, dangling, lost, own, toInner, toOdd] = probeWith(
      shell,
      look('link', { sha256: true }),
      look('to-folder'),
      look('dangling'),
      look('lost'),
      look('to-own'),
      look('to-inner'),
      look(`${odd} x`),
    )
    assert.is(toFolder?.type === 'link' && toFolder.real, join(dir, 'folder'))
    assert.is(toInner?.type === 'link' && toInner.target, 'to-folder/inner/../inner')
    assert.is(toInner?.type === 'link' && toInner.real, join(dir, 'folder/inner'))
    assert.is(toOdd?.type === 'link' && toOdd.target, odd)
    assert.is(own && followed(own).type, 'file')
    assert.is(link?.type === 'link' && link.target, 'empty')
    assert.is(link?.type === 'link' && link.real, join(dir, 'empty'))
    assert.is(link?.type === 'link' && link.to.type === 'file' && link.to.sha256, hash(''))
    assert.is(toFolder && followed(toFolder).type, 'directory')
    assert.is(dangling?.type === 'link' && dangling.real, join(dir, 'nowhere'))
    assert.is(dangling && followed(dangling).type, 'absent')
    assert.is(lost?.type === 'link' && lost.target, '/nowhere/at/all')
  })

  test(`${nameOf(shell)}: sums of large files among small ones`, () => {
    const names = [`large "a" \\ |s 1`, 'empty', 'to-large', 'as-large']
    const facts = probeWith(shell, ...names.map(name => look(name, { sha256: true })))
    const sums = facts.map(fact => followed(fact)).map(entry => entry.type === 'file' && entry.sha256)
    assert.equal(sums, [hash(veryLarge), hash(''), hash(veryLarge), hash(asLarge)])
  })

  test(`${nameOf(shell)}: content only when it is another one`, () => {
    const [same, other, both] = probeWith(
      shell,
      look('empty', { content: { unless: hash('') } }),
      look(strange, { content: { unless: hash('x') } }),
      look('empty', { sha256: true }),
    )
    assert.equal(same?.type === 'file' && same.content, { missing: 'same' })
    assert.equal(other && Buffer.from(bytesOf(other) ?? []), binary)
    assert.is(both?.type === 'file' && both.sha256, hash(''))
  })
}

const root = process.getuid?.() === 0
if (root)
  test('somebody else: what may not be read is said', () => {
    const locked = join(dir, 'locked')
    mkdirSync(locked, { mode: 0o700 })
    writeFileSync(join(dir, 'private'), 'x', { mode: 0o600 })
    chmodSync(dir, 0o755)
    const [inside, file] = probeWith(
      ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'sh'],
      path({ path: join(locked, 'a/b') }),
      path({ path: join(dir, 'private'), sha256: true, content: true }),
    )
    assert.is(inside?.type === 'unknown' && inside.reason, `${locked} may not be searched by this user: use become`)
    assert.is(file?.type === 'file' && file.unreadable, true)
    assert.is(file?.type === 'file' && file.sha256, undefined)
  })

test('a large file is left to openssl, and is summed all the same where that can not', () => {
  const bin = join(dir, 'bin')
  mkdirSync(bin)
  const large = path({ path: join(dir, 'as-large'), sha256: true })
  const withOpenssl = (does: string) => {
    writeFileSync(join(bin, 'openssl'), `#!/bin/sh\n${does}\n`, { mode: 0o755 })
    const [fact] = probeWith(['env', `PATH=${bin}:${process.env.PATH}`, 'sh'], large)
    return fact?.type === 'file' && fact.sha256
  }
  const other = hash('what another program says')
  assert.is(withOpenssl(`echo '${other} *stdin'`), other)
  assert.is(withOpenssl('echo unknown option -r; exit 1'), hash(asLarge))
  assert.is(withOpenssl('echo "SHA2-256(stdin)= 0"'), hash(asLarge))
})

test('a line feed in a path is refused', () => {
  assert.throws(() => probeWith(['sh'], path({ path: '/a\nb' })), 'line feed')
})

test.run()
