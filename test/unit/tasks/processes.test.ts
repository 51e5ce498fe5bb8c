import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, directory, file, lineInFile, link } from '../../../engine/tasks/index.ts'
import type { Task } from '../../../engine/tasks/task.ts'
import { openChannel } from '../../../engine/transport/channel.ts'
import { local } from '../program/shells.ts'

const dir = mkdtempSync('/tmp/rota-processes-')
test.after(() => rmSync(dir, { recursive: true, force: true }))
const at = (name: string): string => join(dir, 'etc', name)
mkdirSync(join(dir, 'etc'))
writeFileSync(at('a'), 'old')
symlinkSync('a', at('to-a'))

const mode = { owner: 'root', group: 'root', mode: '0644' }
const table: readonly (readonly [string, Task, string, string])[] = [
  [
    'a file replaced',
    file({ path: at('a'), content: 'new', ...mode }),
    'stat sha256sum base64',
    'dd mkdir cp dd dd chmod mv stat sha256sum',
  ],
  ['a new file', file({ path: at('b'), content: 'new' }), 'stat', 'dd dd chmod mv stat sha256sum'],
  [
    'what a link leads to',
    file({ path: at('to-a'), content: 'newer' }),
    'readlink stat sha256sum base64',
    'dd dd chmod mv stat sha256sum',
  ],
  ['a mode', file({ path: at('b'), content: 'new', mode: '0600' }), 'stat sha256sum', 'dd chmod stat sha256sum'],
  ['a directory', directory({ path: at('x') }), 'stat', 'mkdir'],
  ['one more', directory({ path: at('x/y') }), 'stat', 'mkdir'],
  // Whoever has made what was missing on the way may have opened it.
  ['one in one that is missing', directory({ path: at('z/y') }), 'stat', 'stat mkdir'],
  [
    'the mode of a directory',
    directory({ path: at('x/y'), mode: '0700' }),
    'stat',
    'mkdir stat chown chmod dd chmod stat',
  ],
  ['a link', link({ path: at('l'), target: 'x' }), 'stat', 'dd ln mv stat readlink sha256sum'],
  [
    'a line',
    lineInFile({ path: at('a'), line: 'x' }),
    'stat sha256sum base64',
    'dd sha256sum dd chmod mv stat sha256sum',
  ],
  ['nothing left', absent({ path: at('a'), backup: false }), 'stat grep', 'rm'],
]

if (process.getuid?.() === 0)
  test('where nobody else has a say on the way, a change costs no process for knowing that', async () => {
    const log = join(dir, 'log')
    const tracing = ['strace', '-f', '-qq', '-e', 'trace=execve', '-o', log, '/bin/dash']
    const channel = await openChannel(local(tracing), { readOnly: false, stateDir: join(dir, 'state') })
    let seen = 0
    /** The programs that have been started since, but for the one that reads a request. */
    const started = async (): Promise<string> => {
      // The log is whole up to what is answered.
      await channel.run({ script: { text: '/bin/true', blobs: [] } })
      const names = [...readFileSync(log, 'utf8').matchAll(/execve\("[^"]*\/(\w+)".* = 0$/gm)].map(([, name]) => name)
      const fresh = names.slice(seen, names.lastIndexOf('true'))
      seen = names.length
      // One dd reads this request, another the one that is looked at.
      return fresh.slice(1, -1).join(' ')
    }
    try {
      await started()
      for (const [name, task, probing, applying] of table) {
        const facts = await channel.probe(task.kind.facts(task.args, { diff: true }))
        assert.is(await started(), probing, `${name}, probe`)
        const change = task.kind.plan(task.args, facts, { changed: false, diff: true })
        assert.ok(change, name)
        assert.equal(
          await channel.apply({ run: 'r', items: [{ id: 1, script: change.apply, owes: [] }] }, () => {}),
          {},
        )
        assert.is(await started(), applying, `${name}, apply`)
      }
    } finally {
      await channel.close()
    }
  })

test.run()
