import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { equal } from 'uvu/assert'
import { unitFunctions } from '../../../engine/tasks/unit-script.ts'

/** Seen with systemd 252: NeedDaemonReload stays `no` where the first drop-in came together with its directory. */
test('systemd reads a unit anew before a restart, also where it does not see a drop-in that is new', () => {
  const dir = mkdtempSync(join(tmpdir(), 'rota-units-'))
  try {
    mkdirSync(join(dir, 'a.service.d'))
    writeFileSync(join(dir, 'a.service.d/x.conf'), '[Service]\n')
    const functions = unitFunctions.replaceAll('/etc/systemd/system', dir)
    /** What is asked of systemd, which knows of these drop-ins. */
    const reloads = (needs: string, known: string, unit = 'a.service') =>
      execFileSync(
        'sh',
        [
          '-c',
          `set -eu
${functions}
systemctl() { case $1 in show) printf 'NeedDaemonReload=%s\\nDropInPaths=%s\\n' "$needs" "$dropins" ;; daemon-reload) echo read ;; esac; }
needs=${needs} dropins='${known}'
fresh ${unit}`,
        ],
        { encoding: 'utf8' },
      )
    equal(reloads('yes', ''), 'read\n')
    equal(reloads('no', `/usr/lib/y.conf ${dir}/a.service.d/x.conf`), '')
    equal(reloads('no', '/usr/lib/y.conf'), 'read\n')
    equal(reloads('no', '', 'b.service'), '')
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test.run()
