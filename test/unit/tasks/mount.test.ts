import { chownSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { mounts } from '../../../engine/facts/index.ts'
import { editFstab, entryOf, type FstabEntry } from '../../../engine/tasks/edit-fstab.ts'
import { mount } from '../../../engine/tasks/index.ts'
import { converge, pass } from '../../hostile/victim.ts'
import { type Host, hostShells, onHost } from './own-etc.ts'
import { entry, planText, planWith, problemsOf } from './plan.ts'

const data: FstabEntry = { src: '/dev/sdb1', path: '/data', fstype: 'ext4', opts: 'defaults', dump: 0, passno: 0 }
const line = '/dev/sdb1 /data ext4 defaults 0 0\n'
const others = '# <file system>  <mount point>\nUUID=1-2 /\text4 errors=remount-ro 0 1\n\n/swap none swap sw 0 0\n'

const edits: readonly (readonly [string, string, FstabEntry | undefined, string])[] = [
  ['new', others, data, others + line],
  ['the last line has no end', others.trimEnd(), data, others + line],
  [
    'there, in other words',
    `${others}/dev/sdb1\t/data   ext4  defaults\n# end`,
    data,
    `${others}/dev/sdb1\t/data   ext4  defaults\n# end`,
  ],
  ['there, with a slash at its end', '/dev/sdb1 /data/ ext4\n', data, '/dev/sdb1 /data/ ext4\n'],
  ['in its place', `/dev/sdc1 /data xfs ro 1 2\n${others}`, data, line + others],
  ['a comment is none', `#${line}`, data, `#${line}${line}`],
  ['gone', `${others}/dev/sdb1 /data ext4\n# end`, undefined, `${others}# end`],
  ['nothing to remove', others, undefined, others],
]
for (const [name, before, wanted, after] of edits)
  test(`fstab: ${name}`, () => assert.equal(editFstab(before, '/data', wanted), { text: after }))

test('fstab: two entries of a path are for somebody to look at', () =>
  assert.equal(editFstab(`${line}${others}${line}`, '/data', data), {
    problem: 'lines 1 and 6 are both about /data: remove the one that is not meant',
  }))

test('fstab: whatever a path or a source is called, it is read as it was written, and other lines stay', () => {
  const name = fc.stringMatching(/^[a #\\\t0é]{1,8}$/)
  const path = name.map(text => `/${text}`)
  fc.assert(
    fc.property(path, name, fc.constantFrom('', 'x', others), (path, src, before) => {
      const wanted = { ...data, path, src }
      const once = editFstab(before, path, wanted)
      if ('problem' in once) throw new Error(once.problem)
      assert.ok(once.text.startsWith(before))
      assert.equal(entryOf(once.text, path), wanted)
      assert.equal(editFstab(once.text, path, wanted), once)
      assert.is(
        ('text' in once ? once.text : '').split('\n').length,
        `${before}${before === 'x' ? '\n' : ''}`.split('\n').length + 1,
      )
    }),
  )
})

const there = { source: '/dev/sdb1', type: 'ext4', options: ['rw', 'relatime'] }
type Args = Parameters<typeof mount>[0]
const wanted: Args = { path: '/data', src: '/dev/sdb1', fstype: 'ext4' }
const plan = (args: Args, text: string, at: readonly object[] = [], below: readonly string[] = [], changed = false) =>
  planWith(
    mount(args),
    ({ kind, args: asked }) =>
      kind.name === 'mounts'
        ? { here: at.length > 0, at, below }
        : (asked as { path: string }).path === '/etc'
          ? entry({ type: 'directory' })
          : entry({ sha256: 'x', content: { base64: Buffer.from(text).toString('base64') } }),
    { changed },
  )
const shell = (change: ReturnType<typeof plan>): string => change?.apply.text ?? ''

test('plan: what is to be done', () => {
  // The text of fstab is the same as the sum that the plan works out, where nothing is to be written.
  const says = (...given: Parameters<typeof plan>) =>
    planText(plan(...given)).replace(/,? ?\/etc\/fstab content differs$/, ' +fstab')
  assert.is(says(wanted, others), 'is not mounted +fstab')
  assert.is(says(wanted, line, [{ ...there, options: ['ro'] }]), ' +fstab')
  assert.is(says({ ...wanted, opts: 'ro,noexec' }, line, [there]), 'is mounted without ro, noexec +fstab')
  assert.is(says({ ...wanted, opts: 'acl' }, line, [there]), 'options defaults → acl +fstab')
  assert.is(says({ ...wanted, src: '/dev/sdc1' }, line, [there]), '/dev/sdb1 (ext4) → /dev/sdc1 (ext4) +fstab')
  assert.is(says({ ...wanted, state: 'present' }, others), ' +fstab')
  assert.is(says({ path: '/data', state: 'unmounted' }, line), 'nothing')
  assert.is(says({ path: '/data', state: 'unmounted' }, line, [there]), 'is mounted')
  assert.is(says({ path: '/data', state: 'absent' }, line, [there]), 'is mounted +fstab')
  const busy = { path: '/data', state: 'absent' } as const
  assert.is(says(busy, line, [there], ['/data/a']), 'refused: /data/a is mounted below /data: unmount it first')
  assert.is(says(busy, line, [there], ['/data/a'], true), 'is mounted +fstab')
})

test('plan: what is mounted comes before what is written, and nothing is unmounted for other options', () => {
  const made = shell(plan(wanted, others))
  assert.match(made, /mount -t ext4 -o defaults \/dev\/sdb1 \/data\n[\s\S]*rota_install[\s\S]*daemon-reload/)
  assert.not.match(made, 'umount')
  assert.match(shell(plan({ ...wanted, opts: 'ro' }, line, [there])), 'mount -t ext4 -o remount,ro /dev/sdb1 /data')
  assert.match(shell(plan({ ...wanted, fstype: 'xfs' }, line, [there])), /^umount \/data\n[\s\S]*mount -t xfs/)
  assert.is(shell(plan({ path: '/data', state: 'unmounted' }, '', [there, there])), 'umount /data\numount /data')
})

test('arguments', () => {
  assert.equal(problemsOf(mount(wanted)), [])
  assert.equal(problemsOf(mount({ path: '/data', state: 'absent' })), [])
  for (const [args, count] of [
    [{ path: '/data' }, 2],
    [{ path: '/', state: 'absent' }, 1],
    [{ ...wanted, path: 'data' }, 1],
    [{ ...wanted, src: '-a' }, 1],
    [{ ...wanted, src: 'a\nb' }, 1],
    [{ ...wanted, opts: '' }, 1],
    [{ ...wanted, fstype: 'swap' }, 1],
    [{ ...wanted, passno: 3 }, 1],
  ] as const)
    assert.is(problemsOf(mount(args)).length, count, JSON.stringify(args))
})

const onMountHost = (
  shell: readonly string[],
  use: (host: Host & { fstab: () => string; mounted: (path: string) => Promise<readonly string[]> }) => Promise<void>,
) =>
  onHost(
    shell,
    host => {
      const fstab = () => readFileSync(join(host.etc, 'fstab'), 'utf8')
      /** `SOURCE OPTIONS` of what is mounted at the path. */
      const mounted = async (path: string) => {
        const request = mounts({ path })
        const { at } = (await host.channel.probe([request])).get(request)
        return at.map(({ source, options }) => `${source} ${options.join()}`)
      }
      return use({ ...host, fstab, mounted })
    },
    ({ etc }) => {
      writeFileSync(join(etc, 'fstab'), others)
      return {}
    },
  )

for (const [name, words] of hostShells) {
  test(`${name}: mounted, with other options, in another's place, unmounted, gone`, () =>
    onMountHost(words, async ({ dir, channel, fstab, mounted }) => {
      const path = join(dir, 'new/data')
      const disk = (more: Partial<Args> = {}) =>
        mount({ path, src: 'tmpfs', fstype: 'tmpfs', opts: 'size=1m', ...more })
      const written = (opts: string, src = 'tmpfs') => `${others}${src} ${path} tmpfs ${opts} 0 0\n`
      const { changes } = await converge(channel, [disk()])
      assert.is(changes[0]?.summary, 'is not mounted, /etc/fstab content differs')
      assert.match((await mounted(path)).join(), /^tmpfs rw/)
      assert.is(fstab(), written('size=1m'))
      assert.is((await converge(channel, [disk({ opts: 'size=1m,noexec' })])).changes.length, 1)
      assert.match((await mounted(path)).join(), /^tmpfs rw[^ ]*,noexec/)
      await converge(channel, [disk({ src: 'other' })])
      assert.match((await mounted(path)).join(' '), /^other rw\S*$/)
      assert.is(fstab(), written('size=1m', 'other'))
      await converge(channel, [mount({ path, state: 'unmounted' })])
      assert.equal([await mounted(path), fstab()], [[], written('size=1m', 'other')])
      await converge(channel, [mount({ path, state: 'absent' })])
      assert.equal([await mounted(path), fstab(), existsSync(path)], [[], others, true])
    }))

  test(`${name}: nothing is mounted, or unmounted, where somebody else could lead it elsewhere`, () =>
    onMountHost(words, async ({ dir, channel, fstab, mounted }) => {
      const path = join(dir, 'theirs/data')
      const disk = mount({ path, src: 'tmpfs', fstype: 'tmpfs' })
      mkdirSync(join(dir, 'theirs'))
      chownSync(join(dir, 'theirs'), 65534, 65534)
      assert.match((await pass(channel, [disk])).failed ?? '', /theirs belongs to \w+: whoever may write there/)
      assert.equal([await mounted(path), fstab(), existsSync(path)], [[], others, false])
      chownSync(join(dir, 'theirs'), 0, 0)
      await converge(channel, [disk])
      chownSync(join(dir, 'theirs'), 65534, 65534)
      await converge(channel, [disk])
      assert.match((await pass(channel, [mount({ path, state: 'absent' })])).failed ?? '', 'whoever may write there')
    }))

  test(`${name}: what can't be mounted is not written down`, () =>
    onMountHost(words, async ({ dir, channel, fstab }) => {
      const none = mount({ path: join(dir, 'data'), src: '/dev/rota-none', fstype: 'ext4' })
      assert.is.not((await pass(channel, [none])).failed, undefined)
      mkdirSync(join(dir, 'real'))
      symlinkSync('real', join(dir, 'link'))
      const led = mount({ path: join(dir, 'link/a'), src: 'tmpfs', fstype: 'tmpfs' })
      assert.match((await pass(channel, [led])).failed ?? '', `leads to ${dir}/real/a`)
      assert.is(fstab(), others)
    }))
}

test.run()
