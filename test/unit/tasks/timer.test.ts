import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { FactRequest } from '../../../engine/facts/fact.ts'
import { timer } from '../../../engine/tasks/index.ts'
import { nameOf, shells } from '../facts/probe.ts'
import { converge, pass, sandbox, withFolders } from './converge.ts'
import { entry, planText, planWith, problemsOf } from './plan.ts'

type Args = Parameters<typeof timer>[0]
const gone = { type: 'absent' }
const none = {
  type: 'unit',
  loadState: 'not-found',
  activeState: 'inactive',
  unitFileState: '',
  needDaemonReload: false,
}
const waiting = { ...none, loadState: 'loaded', activeState: 'active', unitFileState: 'enabled' }
const pathOf = ({ args }: FactRequest): string => (args as { path?: string }).path ?? ''

/** A host that has neither of the units, or what `more` says. */
const planOn = (args: Partial<Args>, more: (request: FactRequest) => unknown = () => undefined, changed = false) =>
  planWith(
    timer({ name: 'backup', run: 'do it', onCalendar: 'daily', ...args }),
    request => {
      const { kind } = request
      const file = pathOf(request).includes('backup') ? gone : entry({ type: 'directory' })
      return more(request) ?? (kind.name === 'mounts' ? { here: false, below: [] } : kind.name === 'unit' ? none : file)
    },
    { changed },
  )

test('both units, in the words of systemd', () => {
  const { diff } = planOn({}) ?? {}
  assert.is(diff?.path, '/etc/systemd/system/backup.service, /etc/systemd/system/backup.timer')
  assert.is(
    diff?.after,
    `[Unit]
Description=backup

[Service]
Type=oneshot
ExecStart=/bin/sh -c "do it"
[Unit]
Description=Timer of backup

[Timer]
OnCalendar=daily

[Install]
WantedBy=timers.target
`,
  )
})

const lines: readonly (readonly [Partial<Args>, string])[] = [
  [{ run: ['/usr/bin/a', 'it\'s "x"', 'c\\d'] }, 'ExecStart=/usr/bin/a "it\'s \\"x\\"" "c\\\\d"'],
  [{ run: 'echo $HOME\ndate +%F' }, 'ExecStart=/bin/sh -c "echo $$HOME\\ndate +%%F"'],
  [{ env: { A: '50% "of" $it' } }, 'Environment="A=50%% \\"of\\" $it"'],
  [{ user: 'ann', description: '100 %' }, 'User=ann'],
  [{ description: '100 %' }, 'Description=100 %%'],
  [{ onCalendar: ['daily', 'Mon..Fri 03:30'] }, 'OnCalendar=daily\nOnCalendar=Mon..Fri 03:30'],
  [{ onBootSec: 90, onUnitActiveSec: '15min' }, 'OnBootSec=90\nOnUnitActiveSec=15min'],
  [
    { randomizedDelaySec: '1h', accuracySec: '1s', persistent: true },
    'RandomizedDelaySec=1h\nAccuracySec=1s\nPersistent=true',
  ],
]
for (const [args, text] of lines)
  test(`timer: ${text.replaceAll('\n', ' ')}`, () =>
    assert.ok(planOn(args)?.diff?.after.includes(`${text}\n`), planOn(args)?.diff?.after))

const unavailable = { type: 'unavailable', reason: 'systemctl is not installed' }
const on = (kind: string, name: string, answer: unknown) => (request: FactRequest) =>
  request.kind.name === kind && JSON.stringify(request.args).includes(name) ? answer : undefined
const table: readonly (readonly [string, string, ReturnType<typeof on> | undefined, Partial<Args>?, boolean?])[] = [
  ['nothing there', 'backup.service does not exist, backup.timer does not exist, does not wait', undefined],
  [
    'only the files are missing',
    'backup.service does not exist, backup.timer does not exist',
    on('unit', '.timer', waiting),
  ],
  [
    'no systemd',
    'refused: /etc/systemd/system does not exist: this host has no systemd',
    on('path', '"/etc/systemd/system"', gone),
  ],
  ['no systemctl', 'refused: systemctl is not installed', on('unit', '', unavailable)],
  [
    'an earlier task may bring it',
    'backup.service does not exist, backup.timer does not exist, does not wait',
    on('unit', '', unavailable),
    {},
    true,
  ],
  ['absent, and gone', 'nothing', undefined, { state: 'absent' }],
  [
    'absent, and there',
    'remove file /etc/systemd/system/backup.timer',
    on('path', '.timer', entry()),
    { state: 'absent' },
  ],
]
for (const [name, expected, more, args = {}, changed = false] of table)
  test(`timer: ${name}`, () => assert.is(planText(planOn(args, more, changed)), expected))

test('arguments', () => {
  assert.equal(problemsOf(timer({ name: 'a', run: ['/bin/a', '-x'], onCalendar: '*-*-* 00/2:00 Europe/Berlin' })), [])
  assert.equal(problemsOf(timer({ name: 'a', state: 'absent' })), [])
  const wrong: readonly Partial<Args>[] = [
    { name: 'a b' },
    { name: 'a@' },
    { name: 'a.timer' },
    { run: '' },
    { run: ['echo', 'x'] },
    { run: ['/bin/a b'] },
    { onCalendar: [] },
    { onCalendar: 'daily\nUnit=b' },
    { onCalendar: '--x' },
    { onBootSec: '1;x' },
    { user: 'a b' },
    { env: { 'A B': '' } },
    { description: 'a\nb' },
  ]
  for (const args of wrong)
    assert.is(problemsOf(timer({ name: 'a', run: 'x', onCalendar: 'daily', ...args })).length, 1, JSON.stringify(args))
})

// systemctl as far as the task needs it: which timer is enabled and runs is kept in files, and whether it was told to
// read anew.
const systemctl = `#!/bin/sh
state=/etc/state
echo "$*" >>$state/log
for last; do :; done
case $1 in
  show)
    while [ "$1" != -- ]; do shift; done
    shift
    for name; do
      echo "Id=$name"
      if [ -e "$state/$name" ]; then printf 'LoadState=loaded\\nActiveState=active\\nUnitFileState=enabled\\n'
      else printf 'LoadState=not-found\\nActiveState=inactive\\nUnitFileState=\\n'; fi
      echo
    done ;;
  restart) : >"$state/$last" ;;
  -q) [ "$2" != disable ] || rm -f "$state/$last" ;;
esac
`
for (const shell of shells.slice(0, 3)) {
  const dir = sandbox()
  const [etc, bin] = [join(dir, 'etc'), join(dir, 'bin')]
  for (const folder of [join(etc, 'systemd/system'), join(etc, 'state'), bin]) mkdirSync(folder, { recursive: true })
  const log = join(etc, 'state/log')
  for (const [name, text] of Object.entries({ systemctl, 'systemd-analyze': '#!/bin/sh\n[ "$2" != never ]\n' })) {
    writeFileSync(join(bin, name), text)
    chmodSync(join(bin, name), 0o755)
  }
  const alone = withFolders(['env', `PATH=${bin}:/usr/bin:/bin`, ...shell], { '/etc': etc })
  if (alone)
    test(`${nameOf(shell)}: a timer comes, changes and goes`, () => {
      const file = join(etc, 'systemd/system/backup.timer')
      const daily = { name: 'backup', run: 'x', onCalendar: 'daily' }
      assert.is(converge(alone, [timer(daily)], dir).changes.length, 1)
      assert.match(readFileSync(file, 'utf8'), 'OnCalendar=daily')
      writeFileSync(log, '')
      const changed = converge(alone, [timer({ ...daily, onCalendar: 'hourly' })], dir)
      assert.equal(
        changed.changes.map(({ summary }) => summary),
        ['backup.timer content differs'],
      )
      assert.match(readFileSync(log, 'utf8'), /daemon-reload\n-q enable -- backup.timer\nrestart -- backup.timer\n/)
      assert.is(pass(alone, [timer({ ...daily, onCalendar: 'never' })], dir).failed?.exitCode, 1)
      assert.match(readFileSync(file, 'utf8'), 'OnCalendar=hourly')
      converge(alone, [timer({ name: 'backup', state: 'absent' })], dir)
      assert.equal([existsSync(file), existsSync(join(etc, 'state/backup.timer'))], [false, false])
    })
}

test.run()
