import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type KeptFact, kept } from '../../../engine/facts/kept.ts'
import type { ApplyItem } from '../../../engine/program/requests.ts'
import { blob, type Shell, sh } from '../../../engine/shell/shell.ts'
import { scratch, shells, withChannel } from '../program/shells.ts'
import { parsed } from './probe.ts'

const base = scratch()
const isRoot = process.getuid?.() === 0
const change = (id: number, script: Shell, owes: readonly string[] = []): ApplyItem => ({ id, script, owes })
const install = (path: string, text: string, mode = '', word: readonly string[] = []) =>
  sh`rota_backup ${path} ${word}; rota_install ${blob(text, path)} ${path} ${mode} '' ''`
let count = 0
function home(): { readonly stateDir: string; readonly at: (name: string) => string } {
  count += 1
  const dir = join(base, String(count))
  mkdirSync(join(dir, 'etc'), { recursive: true })
  return { stateDir: join(dir, 'state'), at: name => join(dir, 'etc', name) }
}
const asked = (play = 3, run = 'run-1') => kept({ run, play })
const text = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString())

for (const [shell, words] of shells(base)) {
  const test = suite(`what a host keeps, in ${shell}`)

  test('all that a play changes is kept as it was, with what was notified, and is compared with what the play left', async () => {
    const { stateDir, at } = home()
    for (const name of ['replaced', 'gone', 'mode', 'changed since'])
      writeFileSync(at(name), `old ${name}`, { mode: 0o640 })
    writeFileSync(at('secret 100%'), 'old secret')
    symlinkSync('somewhere', at('link'))
    mkdirSync(at('folder'), { mode: 0o750 })
    await withChannel(words, { stateDir }, async channel => {
      const items = [
        change(1, install(at('replaced'), 'new', '0644'), ['app/reload', "play/it's"]),
        change(2, sh`rota_backup ${at('gone')}; rota_remove ${at('gone')}`),
        change(3, sh`rota_backup ${at('mode')}; rota_own_file ${at('mode')} 0600 '' ''`),
        change(4, install(at('changed since'), 'new')),
        change(5, install(at('created'), 'new')),
        change(6, install(at('secret 100%'), 'new secret', '', ['secret'])),
        change(7, sh`rota_backup ${at('link')}; rota_link elsewhere ${at('link')}`),
        change(8, sh`rota_backup ${at('folder')}; rota_directory ${at('folder')} 0700 '' ''`),
        change(9, install(at('replaced'), 'newer'), ['app/restart']),
      ]
      assert.equal(await channel.apply({ run: 'run-1', play: 3, items }, () => {}), {})
      writeFileSync(at('changed since'), 'of somebody')
      const fact = (await channel.probe([asked(), asked(4)])).get(asked())
      assert.is(fact.type, 'kept')
      const paths = fact.type === 'kept' ? fact.paths : []
      const shown = paths.map(one => {
        const now = JSON.stringify(one.now)
        const how = now === JSON.stringify(one.before) ? 'same' : now === JSON.stringify(one.left) ? 'left' : 'other'
        return [
          one.path.slice(at('').length + 1),
          one.before?.type,
          how,
          text(one.contents?.before),
          text(one.contents?.now),
        ]
      })
      assert.equal(shown, [
        ['replaced', 'file', 'left', 'old replaced', 'newer'],
        ['gone', 'file', 'left', 'old gone', ''],
        ['mode', 'file', 'left', 'old mode', 'old mode'],
        ['changed since', 'file', 'other', 'old changed since', 'of somebody'],
        ['created', 'absent', 'left', '', 'new'],
        ['secret 100%', 'file', 'left', undefined, undefined],
        ['link', 'link', 'left', undefined, undefined],
        ['folder', 'directory', 'left', undefined, undefined],
      ])
      assert.equal(paths[0]?.owes, ['app/reload', "play/it's", 'app/restart'])
      assert.equal(
        paths.map(({ secret }) => secret),
        [false, false, false, false, false, true, false, false],
      )
      assert.equal((await channel.probe([asked(4)])).get(asked(4)), { type: 'none' })
    })
    const list = readFileSync(join(stateDir, 'backup', 'run-1', '3', 'list'), 'utf8')
    assert.not.match(list, /old (replaced|secret)|new secret/)
  })

  test('what was not noted any more, and a copy that is gone, are not taken for anything else', async () => {
    const { stateDir, at } = home()
    for (const name of ['a', 'b']) writeFileSync(at(name), 'old')
    await withChannel(words, { stateDir }, async channel => {
      const items = [change(1, install(at('a'), 'new')), change(2, install(at('b'), 'new'))]
      await channel.apply({ run: 'run-1', play: 3, items }, () => {})
      const folder = join(stateDir, 'backup', 'run-1', '3')
      const list = join(folder, 'list')
      const rows = readFileSync(list, 'utf8').split('\n')
      // As a host that went down has left it: in the midst of a line, and nothing of what the second has left.
      writeFileSync(list, `${rows.filter(row => !row.endsWith(at('b')) || row.startsWith('kept')).join('\n')}kept -,ap`)
      rmSync(join(folder, at('a').replaceAll('/', '%2F')))
      const fact = (await channel.probe([asked()])).get(asked())
      const paths = fact.type === 'kept' ? fact.paths : []
      assert.equal(
        paths.map(({ before, left }) => [before?.type, left?.type]),
        [
          [undefined, 'file'],
          ['file', undefined],
        ],
      )
    })
  })

  test('a change that fails half-way, and one that leaves early, are noted all the same', async () => {
    const { stateDir, at } = home()
    await withChannel(words, { stateDir }, async channel => {
      const early = sh`rota_backup ${at('early')}; echo x >${at('early')}; exit 0`
      const failing = sh`rota_backup ${at('failing')}; echo x >${at('failing')}; false`
      const { failed } = await channel.apply(
        { run: 'run-1', play: 3, items: [change(1, early), change(2, failing)] },
        () => {},
      )
      assert.is(failed?.id, 2)
      const fact = (await channel.probe([asked()])).get(asked())
      assert.equal(
        fact.type === 'kept' && fact.paths.map(({ left, now }) => JSON.stringify(left) === JSON.stringify(now)),
        [true, true],
      )
    })
  })

  if (isRoot)
    test('nothing is believed that somebody else may have had a say in', async () => {
      const nobody = 65534
      const plants: readonly (readonly [string, (state: string) => void])[] = [
        ['the list of somebody', state => chownSync(join(state, 'backup/run-1/3/list'), nobody, nobody)],
        ['a folder of somebody', state => chownSync(join(state, 'backup/run-1'), nobody, nobody)],
        ['a folder that all may write to', state => chmodSync(join(state, 'backup/run-1/3'), 0o777)],
        ['a list that a group may write to', state => chmodSync(join(state, 'backup/run-1/3/list'), 0o660)],
        ['a state that all may write to', state => chmodSync(state, 0o777)],
        [
          'a link in the place of the list',
          state => {
            const list = join(state, 'backup/run-1/3/list')
            renameSync(list, join(state, 'elsewhere'))
            symlinkSync(join(state, 'elsewhere'), list)
            lchownSync(list, nobody, nobody)
          },
        ],
        [
          'a link in the place of the run',
          state => {
            renameSync(join(state, 'backup/run-1'), join(state, 'backup/run-2'))
            symlinkSync('run-2', join(state, 'backup/run-1'))
          },
        ],
      ]
      for (const [what, plant] of plants) {
        const { stateDir, at } = home()
        writeFileSync(at('a'), 'old')
        await withChannel(words, { stateDir }, async channel => {
          await channel.apply({ run: 'run-1', play: 3, items: [change(1, install(at('a'), 'new'))] }, () => {})
        })
        plant(stateDir)
        await withChannel(words, { stateDir, readOnly: true }, async channel => {
          assert.is((await channel.probe([asked()])).get(asked()).type, 'foreign', what)
        })
      }
    })

  test('a list that names what is no plain path is none of ours', async () => {
    for (const path of ['/etc/../root/.ssh/authorized_keys', '/etc/./x', '//etc/x', '/etc/', 'etc/x']) {
      const { stateDir, at } = home()
      await withChannel(words, { stateDir }, async channel => {
        await channel.apply({ run: 'run-1', play: 3, items: [change(1, install(at('a'), 'new'))] }, () => {})
        const list = join(stateDir, 'backup/run-1/3/list')
        writeFileSync(list, `kept - ${path}\n${readFileSync(list, 'utf8')}`)
        const said = await channel.probe([asked()]).then(
          fact => JSON.stringify(fact.get(asked())),
          error => String(error),
        )
        assert.match(said, /line 1 of its list is none that Rota writes/)
      })
    }
  })

  test('the oldest go where all are more than a GiB, but not those of this run, nor those that are put back', async () => {
    const { stateDir, at } = home()
    const names = [1, 2, 3, 4].map(second => `20260101T00000${second}Z-1`)
    const [first = '', second = '', third = '', own = ''] = names
    for (const name of [first, second, third]) mkdirSync(join(stateDir, 'backup', name), { recursive: true })
    // A `du` that says of each that it takes 400 MB.
    writeFileSync(at('du'), `#!/bin/sh\nshift; for f; do printf '400000\\t%s\\n' "$f"; done\n`, { mode: 0o755 })
    const [env, path, ...rest] = words[0]?.endsWith('/env') ? words : ['/usr/bin/env', 'PATH=/usr/bin:/bin', ...words]
    const withDu = [env ?? '', `PATH=${at('')}:${path?.slice('PATH='.length)}`, ...rest]
    const run = (uses: string) =>
      withChannel(withDu, { stateDir }, channel =>
        channel.apply({ run: own, play: 1, uses, items: [change(1, install(at('a'), 'new'))] }, () => {}),
      )
    await run(first)
    assert.equal(readdirSync(join(stateDir, 'backup')).sort(), [first, own])
    await run('another')
    assert.equal(readdirSync(join(stateDir, 'backup')).sort(), [first, own])
  })

  test.run()
}

const test = suite('what a host says it keeps')
test('an answer that was cut short is none', () => {
  for (const output of ['of run-1 3\nkept - /etc/a', 'of run-1 3\nkept - /etc/a\n.\n', 'nonsense'])
    assert.throws(() => parsed<KeptFact>(output, asked()), /cut short|were asked for/)
})
test('what a change that was begun last has left is not known, whatever one before it has', () => {
  const sum = 'a'.repeat(64)
  const file = (path: string) => `left 81a4 0 0 ${path}\n${sum}  ${path}\n`
  const list = (rows: string) => `of run-1 3\n${rows}.\n${file('./%2Fa')}.\n${file('/a')}.\n`
  const leftOf = (rows: string) => {
    const [fact] = parsed<KeptFact>(list(rows), asked())
    return fact?.type === 'kept' ? fact.paths.map(({ left }) => left?.type) : fact
  }
  assert.equal(leftOf(`kept - /a\n${file('/a')}`), ['file'])
  assert.equal(leftOf(`kept - /a\n${file('/a')}kept -,x /a\n`), [undefined])
})
test.run()
