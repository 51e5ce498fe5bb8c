import { mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { timezone } from '../../../engine/tasks/index.ts'
import { nameOf, shells } from '../facts/probe.ts'
import { converge, sandbox, withFolders } from './converge.ts'
import { entry, planText, planWith, problemsOf } from './plan.ts'

const gone = { type: 'absent' }
const folder = entry({ type: 'directory', mode: '0755' })
const link = (target: string) => ({ ...entry(), type: 'link', target, real: target, to: entry() })
const text = (content: string) => entry({ content: { base64: Buffer.from(content).toString('base64') }, sha256: 'x' })

interface Host {
  readonly localtime?: object
  readonly zone?: object
  readonly file?: object
  readonly mounted?: boolean
}
const planOn = (
  { localtime = link('/usr/share/zoneinfo/Etc/UTC'), zone = entry(), file = gone, mounted = false }: Host,
  changed = false,
) =>
  planWith(
    timezone({ name: 'Europe/Berlin' }),
    ({ kind, args }) => {
      const { path } = args as { path: string }
      if (kind.name === 'mounts') return { here: mounted, below: [] }
      return path === '/etc' ? folder : path === '/etc/localtime' ? localtime : path === '/etc/timezone' ? file : zone
    },
    { changed },
  )

const table: readonly (readonly [string, Host, string, boolean?])[] = [
  ['another zone', {}, 'Etc/UTC → Europe/Berlin'],
  ['a relative link', { localtime: link('../usr/share/zoneinfo/Europe/Berlin') }, 'nothing'],
  ['no timezone yet', { localtime: gone }, 'absent → Europe/Berlin'],
  ['a copy in the place of the link', { localtime: entry() }, 'file → Europe/Berlin'],
  ['the name of Debian too', { file: text('Etc/UTC\n') }, 'Etc/UTC → Europe/Berlin, /etc/timezone content differs'],
  [
    'the name of Debian alone',
    { localtime: link('/usr/share/zoneinfo/Europe/Berlin'), file: text('x\n') },
    '/etc/timezone content differs',
  ],
  [
    'no such zone',
    { zone: gone },
    'refused: there is no timezone /usr/share/zoneinfo/Europe/Berlin: is it misspelt, or the package tzdata missing?',
  ],
  ['a package may bring it', { zone: gone }, 'Etc/UTC → Europe/Berlin', true],
  [
    'half of a name',
    { zone: folder },
    'refused: /usr/share/zoneinfo/Europe/Berlin is a directory, not a timezone: name one that is in it',
  ],
  [
    'a mount',
    { localtime: entry(), mounted: true },
    'refused: /etc/localtime is a mount point: set the timezone of the machine',
  ],
]
for (const [name, host, expected, changed] of table)
  test(`timezone: ${name}`, () => assert.is(planText(planOn(host, changed)), expected))

test('arguments', () => {
  for (const name of ['', '../x', 'a//b', '/etc/passwd', 'a b', 'a\nb', '$(x)', 'Europe/'])
    assert.is(problemsOf(timezone({ name })).length, 1, name)
  for (const name of ['UTC', 'Etc/GMT+1', 'America/Argentina/Buenos_Aires'])
    assert.equal(problemsOf(timezone({ name })), [])
})

for (const shell of shells) {
  const dir = sandbox()
  const [etc, zones] = [join(dir, 'etc'), join(dir, 'zoneinfo')]
  mkdirSync(etc)
  mkdirSync(join(zones, 'Europe'), { recursive: true })
  const alone = withFolders(shell, { '/etc': etc, '/usr/share/zoneinfo': zones })
  if (alone)
    test(`${nameOf(shell)}: the link and the name, once`, () => {
      writeFileSync(join(zones, 'Europe/Berlin'), 'TZif')
      writeFileSync(join(etc, 'timezone'), 'Etc/UTC\n')
      symlinkSync('/usr/share/zoneinfo/Etc/UTC', join(etc, 'localtime'))
      assert.is(converge(alone, [timezone({ name: 'Europe/Berlin' })], dir).changes.length, 1)
      assert.equal(
        [readlinkSync(join(etc, 'localtime')), readFileSync(join(etc, 'timezone'), 'utf8')],
        ['/usr/share/zoneinfo/Europe/Berlin', 'Europe/Berlin\n'],
      )
    })
}

test.run()
