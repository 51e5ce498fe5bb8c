import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Unit } from '../../../engine/facts/unit.ts'
import { service, systemdUnit } from '../../../engine/tasks/index.ts'
import { sha256 } from '../../../engine/tasks/local.ts'
import { entry, planText, planWith, problemsOf } from './plan.ts'

const unit = (more: Partial<Unit> = {}): Unit => ({
  type: 'unit',
  id: 'a.service',
  loadState: 'loaded',
  activeState: 'active',
  subState: 'running',
  unitFileState: 'enabled',
  needDaemonReload: false,
  canReload: true,
  fragmentPath: '/lib/systemd/system/a.service',
  dropInPaths: [],
  mainPid: 1,
  restarts: 0,
  ...more,
})
const gone = unit({
  loadState: 'not-found',
  activeState: 'inactive',
  subState: 'dead',
  unitFileState: '',
  fragmentPath: '',
})
const masked = unit({ loadState: 'masked', unitFileState: 'masked', activeState: 'inactive', subState: 'dead' })
type Args = Omit<Parameters<typeof service>[0], 'name'>
const on: Args = { enabled: true, running: true }

const table: readonly (readonly [string, Args, unknown, string, boolean?])[] = [
  ['as wanted', on, unit(), 'nothing'],
  [
    'stopped and disabled',
    on,
    unit({ activeState: 'inactive', subState: 'dead', unitFileState: 'disabled' }),
    'disabled → enabled, inactive (dead) → running',
  ],
  ['failed', { running: true }, unit({ activeState: 'failed', subState: 'failed' }), 'failed (failed) → running'],
  [
    'starts over and over',
    { running: true },
    unit({ activeState: 'activating', subState: 'auto-restart' }),
    'activating (auto-restart) → running',
  ],
  [
    'starts over and over, and may',
    { running: true, settle: 0 },
    unit({ activeState: 'activating', subState: 'auto-restart' }),
    'nothing',
  ],
  ['starting', { running: true }, unit({ activeState: 'activating', subState: 'start' }), 'nothing'],
  ['static', { enabled: true }, unit({ unitFileState: 'static' }), 'nothing'],
  [
    'enabled until the next boot',
    { enabled: true },
    unit({ unitFileState: 'enabled-runtime' }),
    'enabled-runtime → enabled',
  ],
  ['file changed', on, unit({ needDaemonReload: true }), 'daemon-reload'],
  ['to be stopped', { running: false, enabled: false }, unit(), 'active → stopped, enabled → disabled'],
  ['failed is stopped', { running: false }, unit({ activeState: 'failed' }), 'nothing'],
  ['missing', on, gone, 'refused: there is no unit a.service on this host'],
  ['missing, to be stopped', { running: false, enabled: false }, gone, 'nothing'],
  ['to come', on, gone, 'enable, running', true],
  ['missing, to be stopped, but may come', { running: false, enabled: false }, gone, 'stopped, disable', true],
  ['masked', on, masked, 'refused: a.service is masked: masked: false unmasks it'],
  ['to be unmasked', { masked: false, running: true }, masked, 'unmask, inactive (dead) → running'],
  ['to be masked', { masked: true }, unit(), 'active → stopped, mask'],
  [
    'own file in the way',
    { masked: true },
    unit({ fragmentPath: '/etc/systemd/system/a.service' }),
    'refused: /etc/systemd/system/a.service is in the way of masking: remove it',
  ],
  [
    'no systemd',
    on,
    { type: 'unavailable', reason: 'systemctl is not installed' },
    'refused: systemctl is not installed',
  ],
  ['systemd to come', on, { type: 'unavailable', reason: 'x' }, 'enable, running', true],
]
for (const [name, args, fact, expected, changed] of table)
  test(`service: ${name}`, () =>
    assert.is(planText(planWith(service({ name: 'a', ...args }), () => fact, { changed: changed ?? false })), expected))

test('a unit that an earlier task has not brought is not asked to stop, one that it has is', () => {
  const change = planWith(service({ name: 'a', running: false, enabled: false }), () => gone, { changed: true })
  const run = (loadState: string) => {
    const systemctl = `systemctl() {
  case $1 in show) echo LoadState=${loadState} ;; *) echo "$*"; [ ${loadState} = loaded ] ;; esac
}
`
    const { status, stdout } = spawnSync('sh', ['-euc', systemctl + change?.apply.text], { encoding: 'utf8' })
    return { status, stdout }
  }
  assert.equal(run('not-found'), { status: 0, stdout: '' })
  assert.equal(run('loaded'), { status: 0, stdout: 'stop -- a.service\n-q disable -- a.service\n' })
})

test('actions are planned whenever they are asked for, and name what they do', () => {
  for (const [task, title, words] of [
    [service.reload('a'), 'reload a', 'systemctl reload -- "$u"'],
    [service.restart('a', { notify: 'x' }), 'restart a', 'systemctl restart -- "$u"'],
    [service.reloadOrRestart('a'), 'reload or restart a', 'systemctl reload-or-restart -- "$u"'],
    [service.stop('a.socket'), 'stop a.socket', 'systemctl stop -- "$u"'],
  ] as const) {
    assert.is(task.title, title)
    const change = planWith(task, () => unit())
    assert.is(change?.effect, 'action')
    assert.match(change?.apply.text ?? '', words)
  }
  assert.equal(service.restart('a', { notify: 'x' }).notify, ['x'])
})

const content = '[Service]\nExecStart=/bin/true\n'
const planUnit = (args: object, file: unknown, state: unknown = unit()) =>
  planWith(systemdUnit({ name: 'a', content, ...args }), ({ kind, args: asked }) => {
    if (kind.name === 'unit') return state
    return (asked as { path: string }).path.includes('a.service') ? file : entry({ type: 'directory' })
  })

test('systemdUnit', () => {
  assert.is(planText(planUnit({}, entry({ sha256: sha256(content) }))), 'nothing')
  assert.is(
    planText(planUnit({}, entry({ sha256: sha256(content) }), unit({ needDaemonReload: true }))),
    'daemon-reload',
  )
  const change = planUnit({}, { type: 'absent' }, gone)
  assert.is(planText(change), 'does not exist')
  assert.match(
    change?.apply.text ?? '',
    /rota_install .* \/etc\/systemd\/system\/a\.service 0644[\s\S]*systemctl daemon-reload/,
  )
  assert.match(
    planUnit({ dropIn: 'limits' }, { type: 'absent' })?.apply.text ?? '',
    '/etc/systemd/system/a.service.d/limits.conf',
  )
})

test('arguments', () => {
  assert.is(problemsOf(service({ name: 'a b' })).length, 2)
  assert.match(problemsOf(service({ name: 'a@', running: true }))[0] ?? '', 'template')
  assert.is(problemsOf(service({ name: 'a', masked: true, running: true })).length, 1)
  assert.equal(problemsOf(systemdUnit({ name: 'a@.service', content })), [])
  assert.is(problemsOf(systemdUnit({ name: 'a', content: 'nonsense', dropIn: '../x' })).length, 2)
})

test.run()
