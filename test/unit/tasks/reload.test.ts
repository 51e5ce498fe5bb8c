import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { service } from '../../../engine/tasks/index.ts'
import { nameOf, type ShellWords, shells } from '../facts/probe.ts'
import { planWith } from './plan.ts'

/** A systemd that reads what to say of a unit before and after its reload from files, and keeps what it was asked. */
const systemctl = `#!/bin/sh
echo "$*" >>"$UNITS/asked"
verb=$1
[ "$verb" != daemon-reload ] || { rm -f "$UNITS/old"; exit; }
while [ "$1" != -- ]; do shift; done
shift
for unit; do
  if [ "$verb" = show ]; then
    cat "$UNITS/$unit"; echo
    [ ! -e "$UNITS/$unit.started" ] || mv "$UNITS/$unit.started" "$UNITS/$unit"
    continue
  fi
  grep -q CanReload=yes "$UNITS/$unit" || { echo 'not applicable' >&2; exit 1; }
  grep -q ActiveState=active "$UNITS/$unit" || { echo "$unit is not active, cannot reload." >&2; exit 1; }
  [ ! -e "$UNITS/old" ] || echo "Warning: run 'systemctl daemon-reload'" >&2
  [ ! -e "$UNITS/$unit.after" ] || mv "$UNITS/$unit.after" "$UNITS/$unit"
  [ ! -e "$UNITS/$unit.kills" ] || { echo "Job for $unit failed." >&2; exit 1; }
done
`
const state = (given: Readonly<Record<string, string | number>>) =>
  Object.entries({
    ...{ LoadState: 'loaded', ActiveState: 'active', SubState: 'running', Type: 'forking', CanReload: 'yes' },
    ...{ NRestarts: 2, ...given },
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')

interface Case {
  readonly before?: string
  readonly after?: string
  /** From the first look on. */
  readonly started?: string
  /** The reload itself fails, for the daemon has gone. */
  readonly kills?: true
  /** What the probe saw. */
  readonly seen?: string
  readonly restarts?: number
  readonly mainPid?: number
  readonly settle?: number
}

const stillClock = 'uptime_now() { now=100; }'
const sleep = 'sleep() { echo "sleep $1" >>"$UNITS/asked"; }'

/**
 * Reloads of units as a turn of handlers runs them: all are begun, then each is watched. Gives what they said and what
 * systemctl was asked.
 */
function reloads(shell: ShellWords, units: Readonly<Record<string, Case>>, { old = false } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'rota-reload-'))
  try {
    const script = (name: string, text: string) => writeFileSync(join(dir, name), text, { mode: 0o755 })
    script('systemctl', systemctl)
    script('journalctl', '#!/bin/sh\n')
    if (old) writeFileSync(join(dir, 'old'), '')
    const changes = Object.entries(units).map(([name, given]) => {
      const { before, after, started, kills, seen = 'active', restarts = 2, mainPid = process.pid, settle } = given
      writeFileSync(join(dir, `${name}.service`), before ?? state({}))
      if (after) writeFileSync(join(dir, `${name}.service.after`), after)
      if (started) writeFileSync(join(dir, `${name}.service.started`), started)
      if (kills) writeFileSync(join(dir, `${name}.service.kills`), '')
      const options = settle === undefined ? {} : { settle }
      return planWith(service.reload(name, options), () => ({ type: 'unit', restarts, mainPid, activeState: seen }))
    })
    const [command, ...words] = shell
    const run = (text = '') => {
      const env = { ...process.env, UNITS: dir, ROTA_TMP: dir }
      // The clock stands still, so that what is slept is all that is waited.
      const still = text.replace(/^(begin_to_settle|settle_begun) /m, `${stillClock}\n$1 `)
      const done = spawnSync(command, [...words, '-c', `PATH=${dir}:$PATH; set -eu\n${sleep}\n${still}`], {
        env,
        encoding: 'utf8',
      })
      return `${done.status} ${done.stdout}${done.stderr}`.trim()
    }
    const begun = changes.map(change => run(change?.apply.text))
    const watched = changes.map(change => run(change?.settle?.text))
    return { begun, watched, asked: readFileSync(join(dir, 'asked'), 'utf8').split('\n').filter(Boolean) }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

for (const shell of shells) {
  test(`reloads in ${nameOf(shell)}: all are watched by one look`, () => {
    const { begun, watched, asked } = reloads(shell, { a: {}, b: {}, c: { after: state({ NRestarts: 0 }) } })
    assert.equal([...begun, ...watched], ['0', '0', '0', '0', '0', '0'])
    assert.equal(
      asked.filter(line => line.startsWith('show')).map(line => line.replace(/.* -- /, '')),
      ['a.service b.service c.service'],
    )
  })

  test(`reloads in ${nameOf(shell)}: a daemon at rest has settled; one that is awake is watched to the end, and so is one with a time`, () => {
    const sleeper = spawn('sleep', ['60'])
    const worker = spawn('sh', ['-c', 'while :; do :; done'])
    try {
      const slept = (units: Readonly<Record<string, Case>>) =>
        reloads(shell, units).asked.filter(line => line.startsWith('sleep'))
      const [resting, awake] = [{ mainPid: sleeper.pid ?? 0 }, { mainPid: worker.pid ?? 0 }]
      assert.equal(slept({ a: resting, b: resting }), ['sleep 0.12', 'sleep 0.10'])
      const toTheEnd = ['sleep 0.12', 'sleep 0.10', 'sleep 0.10', 'sleep 0.10', 'sleep 0.08']
      assert.equal(slept({ a: resting, b: awake }), toTheEnd)
      assert.equal(slept({ a: { ...resting, settle: 0.5 }, b: resting }), ['sleep 0.40', 'sleep 0.10'])
    } finally {
      sleeper.kill()
      worker.kill()
    }
  })

  test(`reloads in ${nameOf(shell)}: the one that has ended is named, and the one that systemd has started again`, () => {
    const { watched } = reloads(shell, {
      a: {},
      b: { after: state({ ActiveState: 'failed' }) },
      c: { after: state({ NRestarts: 3 }) },
      d: { after: state({ ActiveState: 'activating', SubState: 'auto-restart' }) },
    })
    assert.equal(watched, [
      '0',
      '1 b.service: failed right after it was started',
      '1 c.service: ended and was started again by systemd',
      '1 d.service: keeps ending right after it is started',
    ])
  })

  test(`reloads in ${nameOf(shell)}: what does not run is left alone, what has no reload or no unit is an error`, () => {
    const { begun, watched } = reloads(shell, {
      a: { before: state({ ActiveState: 'inactive' }) },
      b: { before: state({ CanReload: 'no' }) },
      c: { before: state({ LoadState: 'not-found', ActiveState: 'inactive' }) },
    })
    assert.is(begun[0], '0 a.service does not run: nothing to reload')
    assert.match(begun[1] ?? '', /^1 not applicable\nb.service can not be reloaded/)
    assert.is(begun[2], '1 c.service: there is no such unit')
    assert.is(watched[0], '0')
  })

  test(`reloads in ${nameOf(shell)}: a daemon that its own reload ends is an error, at the second attempt too`, () => {
    const dead = state({ ActiveState: 'failed' })
    const { begun } = reloads(shell, { a: { after: dead, kills: true } })
    assert.is(begun[0], '1 Job for a.service failed.\na.service: ended when it was reloaded')
    const { begun: again } = reloads(shell, { a: { after: dead } }, { old: true })
    assert.match(again[0] ?? '', /^1 .*\na.service: ended when it was reloaded$/)
  })

  test(`reloads in ${nameOf(shell)}: what was stopped since it was probed, or did not run then, is left alone`, () => {
    const stopped = state({ ActiveState: 'inactive' })
    const { begun } = reloads(shell, { a: { before: stopped }, b: { before: stopped, seen: 'inactive' } })
    assert.equal(
      begun,
      ['a', 'b'].map(name => `0 ${name}.service does not run: nothing to reload`),
    )
  })

  test(`reloads in ${nameOf(shell)}: how often systemd had started it is asked where the process of the probe has gone`, () => {
    const { watched } = reloads(shell, { a: { restarts: 0, mainPid: 0 }, b: { restarts: 0 } })
    assert.equal(watched, ['0', '1 b.service: ended and was started again by systemd'])
  })

  test(`reloads in ${nameOf(shell)}: a daemon that systemd is starting again is reloaded once it runs; one that never does is an error`, () => {
    const starting = state({ ActiveState: 'activating', SubState: 'auto-restart' })
    const killed = { before: starting, seen: 'activating', mainPid: 0 }
    const { begun, watched, asked } = reloads(shell, { a: { ...killed, started: state({ NRestarts: 3 }) } })
    assert.equal([...begun, ...watched], ['0', '0'])
    assert.equal(
      asked.filter(line => /^(sleep 1|reload)/.test(line)),
      ['sleep 1', 'reload -- a.service'],
    )
    const never = reloads(shell, { a: killed })
    assert.match(never.begun[0] ?? '', /^1 a.service is not active, cannot reload.\na.service: refused to reload/)
    assert.is(never.asked.filter(line => line === 'sleep 1').length, 30)
  })

  test(`reloads in ${nameOf(shell)}: a unit whose files have changed is read before its reload counts`, () => {
    const { begun, asked } = reloads(shell, { a: {} }, { old: true })
    assert.equal(begun, ['0'])
    assert.equal(
      asked.filter(line => line.includes('reload')),
      ['reload -- a.service', 'daemon-reload', 'reload -- a.service'],
    )
  })
}

test.run()
