import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withoutSwap, withSwap } from '../../../engine/tasks/edit-fstab.ts'
import { swap } from '../../../engine/tasks/index.ts'
import { sha256 } from '../../../engine/tasks/local.ts'
import { nameOf, shells } from '../facts/probe.ts'
import { converge, pass, sandbox, withFolders } from './converge.ts'
import { entry, planText, planWith, problemsOf } from './plan.ts'

const head = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n'
const root = 'UUID=1 / ext4 errors=remount-ro 0 1\n'
const partition = 'UUID=2  none  swap  sw  0  0\n'

const texts: readonly (readonly [string, string, string])[] = [
  ['its lines go', withoutSwap(`${root}${partition}/f\tswap\tswap\tdefaults\n`), root],
  ['a comment stays', withoutSwap(`# none none swap\n#${partition}`), `# none none swap\n#${partition}`],
  ['a mount point that is called swap', withoutSwap('/dev/sda1 swap ext4\n'), '/dev/sda1 swap ext4\n'],
  ['a file is added', withSwap(root.trim(), '/f'), `${root}/f none swap sw 0 0\n`],
  ['a name with a space', withSwap('', '/a b'), '/a\\040b none swap sw 0 0\n'],
  ['a file that is there', withSwap(`/f swap swap pri=1\n${root}`, '/f'), `/f swap swap pri=1\n${root}`],
  ['a new file', withSwap('', '/f'), '/f none swap sw 0 0\n'],
]
for (const [name, now, after] of texts) test(`fstab: ${name}`, () => assert.is(now, after))

const text = (content: string) =>
  entry({ content: { base64: Buffer.from(content).toString('base64') }, sha256: sha256(content) })
interface Host {
  readonly swaps?: string
  readonly fstab?: string
  readonly unit?: string
  readonly file?: object
  readonly folder?: object
}
const planOn = (task: ReturnType<typeof swap>, { swaps = '', fstab = root, unit = 'static', file, folder }: Host) =>
  planWith(task, ({ kind, args }) => {
    const { path } = args as { path: string }
    if (kind.name === 'unit')
      return unit === 'none'
        ? { type: 'unavailable', reason: '' }
        : { type: 'unit', loadState: 'loaded', unitFileState: unit }
    if (path === '/proc/swaps') return text(head + swaps)
    if (path === '/etc/fstab') return text(fstab)
    if (path === '/f') return file ?? { type: 'absent' }
    return (path === '/' && folder) || entry({ type: 'directory', mode: '0755' })
  })

const none = swap({ state: 'absent' })
const file = swap({ path: '/f', size: 2 })
const ready = entry({ size: 2 * 1024 * 1024, mode: '0600' })
const inFstab = '/f none swap sw 0 0\n'
const table: readonly (readonly [ReturnType<typeof swap>, Host, string])[] = [
  [none, { unit: 'masked' }, 'nothing'],
  [none, { unit: 'none' }, 'nothing'],
  [none, {}, 'swap.target is not masked'],
  [none, { unit: 'masked', fstab: partition }, '/etc/fstab content differs'],
  [none, { unit: 'masked', swaps: '/dev/sda2 partition 1 0 -2\n/a\\040b file 1 0 -3\n' }, 'in use: /dev/sda2, /a b'],
  [file, { swaps: '/f file 2044 0 -2\n', fstab: inFstab, file: ready }, 'nothing'],
  [file, { swaps: '/srv/f file 2044 0 -2\n', fstab: inFstab, file: { ...ready, at: '/srv/f' } }, 'nothing'],
  [file, { unit: 'none' }, 'does not exist, /etc/fstab content differs'],
  [file, { fstab: inFstab, file: ready }, 'not in use'],
  [file, { fstab: inFstab, file: { ...ready, mode: '0644' }, swaps: '/f file 1 0 -2\n' }, 'mode 0644 → 0600'],
  [file, { fstab: inFstab, file: { ...ready, size: 1024 * 1024 }, swaps: '/f file 1 0 -2\n' }, '1 → 2 MiB'],
  [file, { fstab: inFstab, file: ready, swaps: '/f file 1 0 -2\n', unit: 'masked' }, 'swap.target is masked'],
  [file, { file: entry({ type: 'directory' }) }, 'refused: /f is a directory, not a file'],
  [
    file,
    { folder: entry({ type: 'directory', open: 'x' }) },
    'refused: others may write to /: put the swap file elsewhere',
  ],
]
for (const [task, host, expected] of table)
  test(`${task.title}: ${JSON.stringify(host)}`, () => assert.is(planText(planOn(task, host)), expected))

test('arguments', () => {
  assert.equal(problemsOf(none), [])
  for (const args of [{ path: 'f' }, { path: '/a\nb' }, { size: 0 }, { size: 1.5 }])
    assert.is(problemsOf(swap({ path: '/f', size: 1, ...args })).length, 1, JSON.stringify(args))
})

// What the kernel swaps to is kept in a file: this machine's own swap is left alone.
const programs = {
  swapon: `echo "$1 file 1 0 -2" >>/proc/swaps`,
  swapoff: `if [ "$1" = -a ]; then head -n 1 /proc/swaps >/etc/kept; else grep -v "^$1 " /proc/swaps >/etc/kept; fi; cat /etc/kept >/proc/swaps`,
  mkswap: '[ -f "$1" ]',
}
for (const shell of shells.slice(0, 3)) {
  const dir = sandbox()
  const [etc, bin, swaps] = [join(dir, 'etc'), join(dir, 'bin'), join(dir, 'swaps')]
  for (const folder of [etc, bin]) mkdirSync(folder)
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  writeFileSync(swaps, `${head}/dev/sda2 partition 1 0 -2\n`)
  writeFileSync(join(etc, 'fstab'), root + partition)
  const alone = withFolders(['env', `PATH=${bin}:/usr/bin:/bin`, ...shell], { '/etc': etc, '/proc/swaps': swaps })
  if (alone)
    test(`${nameOf(shell)}: no swap, then a file, a larger one, and none again`, () => {
      converge(alone, [swap({ state: 'absent' })], dir)
      assert.equal([readFileSync(swaps, 'utf8'), readFileSync(join(etc, 'fstab'), 'utf8')], [head, root])
      const path = join(dir, 'swapfile')
      converge(alone, [swap({ path, size: 1 })], dir)
      assert.equal([statSync(path).size, statSync(path).mode & 0o777], [1024 * 1024, 0o600])
      converge(alone, [swap({ path, size: 2 })], dir)
      assert.equal(
        [statSync(path).size, readFileSync(swaps, 'utf8')],
        [2 * 1024 * 1024, `${head}${path} file 1 0 -2\n`],
      )
      assert.is(readFileSync(join(etc, 'fstab'), 'utf8'), `${root}${path} none swap sw 0 0\n`)
      assert.match(pass(alone, [swap({ path: etc, size: 1 })], dir).failed?.output ?? '', 'is a directory')
      converge(alone, [swap({ state: 'absent' })], dir)
      assert.equal([readFileSync(swaps, 'utf8'), readFileSync(join(etc, 'fstab'), 'utf8')], [head, root])
    })
}

test.run()
