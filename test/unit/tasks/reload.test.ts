import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { service } from '../../../engine/tasks/index.ts'
import { nameOf, shells } from '../facts/probe.ts'
import { planWith } from './plan.ts'

/** A systemd that reads what to say of a unit before and after its reload from files, and keeps what it was asked. */
const systemctl = `#!/bin/sh
echo "$*" >>"$UNITS/asked"
verb=$1
while [ "$1" != -- ]; do shift; done
shift
for unit; do
  if [ "$verb" = reload ]; then mv "$UNITS/$unit.after" "$UNITS/$unit"; else cat "$UNITS/$unit"; echo; fi
done
`
const running = (restarts: number) =>
  `LoadState=loaded\nActiveState=active\nSubState=running\nType=forking\nCanReload=yes\nNeedDaemonReload=no\nNRestarts=${restarts}\n`
const failed = 'LoadState=loaded\nActiveState=failed\nSubState=failed\nType=forking\nNRestarts=0\n'

/** Reloads of units as a turn of handlers runs them: all are begun, then each is watched. Gives what failed and what systemctl was asked. */
function reloads(shell: readonly [string, ...string[]], after: Readonly<Record<string, string>>) {
  const dir = mkdtempSync(join(tmpdir(), 'rota-reload-'))
  try {
    writeFileSync(join(dir, 'systemctl'), systemctl)
    writeFileSync(join(dir, 'journalctl'), '#!/bin/sh\n')
    for (const name of ['systemctl', 'journalctl']) chmodSync(join(dir, name), 0o755)
    const changes = Object.entries(after).map(([name, text]) => {
      writeFileSync(join(dir, `${name}.service`), running(0))
      writeFileSync(join(dir, `${name}.service.after`), text)
      return planWith(service.reload(name, { settle: 0.1 }), () => undefined)
    })
    const [command, ...words] = shell
    const run = (text: string) =>
      spawnSync(command, [...words, '-c', `PATH=${dir}:$PATH; set -eu\n${text}`], {
        env: { ...process.env, UNITS: dir, ROTA_TMP: dir },
        encoding: 'utf8',
      })
    for (const change of changes) assert.is(run(change?.apply.text ?? '').stderr, '')
    const said = changes.map(change => run(change?.settle?.text ?? '').stderr.trim())
    return { said, asked: readFileSync(join(dir, 'asked'), 'utf8').split('\n').filter(Boolean) }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

for (const shell of shells) {
  test(`reloads in ${nameOf(shell)}: all are watched by one look`, () => {
    const { said, asked } = reloads(shell, { a: running(0), b: running(0), c: running(0) })
    assert.equal(said, ['', '', ''])
    assert.is(asked.filter(line => line.startsWith('show')).length, 4)
    assert.match(asked.at(-1) ?? '', / -- a.service b.service c.service$/)
  })

  test(`reloads in ${nameOf(shell)}: the one that has ended is named, and so is the one that systemd has started again`, () => {
    const { said } = reloads(shell, { a: running(0), b: failed, c: running(1), d: running(0) })
    assert.equal(said, [
      '',
      'b.service: failed right after it was started',
      'c.service: ended and was started again by systemd',
      '',
    ])
  })
}

test.run()
