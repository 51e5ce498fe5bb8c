import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { glob } from '../../engine/facts/index.ts'
import { isFailure } from '../../engine/failure/index.ts'
import { planStage } from '../../engine/plan/work.ts'
import { blob, sh } from '../../engine/shell/shell.ts'
import {
  absent,
  blockInFile,
  directory,
  download,
  fetch,
  file,
  lineInFile,
  link,
  unarchive,
} from '../../engine/tasks/index.ts'
import type { Task } from '../../engine/tasks/task.ts'
import type { ShellChannel } from '../../engine/transport/channel.ts'
import { openChannel } from '../../engine/transport/channel.ts'
import { local, shells, withChannel } from '../unit/program/shells.ts'
import { asNobody, base, converge, nobody, pass, stateOf, type Victim, victim } from './victim.ts'

for (const [name, shell] of shells(base)) {
  const test = suite(`a user of the host, ${name}`)
  const on = <T>({ stateDir }: Victim, use: (channel: ShellChannel) => Promise<T>): Promise<T> =>
    withChannel(shell, { stateDir }, use)

  test('a link whose target reads like further lines of the answer changes nothing of what is known of other paths', async () => {
    const it = victim()
    const config = join(it.etc, 'sshd_config')
    const sum = '0'.repeat(64)
    asNobody(
      `printf '/nowhere\\nt x\\n2|81a4|0|0|1|root|root|%s\\ns 2|81a4|0|0|1|root|root|%s\\nl %s\\nu /etc\\nh\\n${sum}  %s\\n.\\nsame %s\\nc /bogus' "$F" "$F" "$F" "$F" "$F" >"$H/text"
ln -s "$(cat "$H/text")" "$H/.bashrc"
mkdir "$H/d"
: >"$H/d/$(printf 'x\\n+forged\\n.\\n+other')"`,
      { H: it.home, F: config },
    )
    await on(it, async channel => {
      const tasks = [
        file({ path: join(it.home, '.bashrc'), content: 'x\n' }),
        file({ path: config, content: 'PermitRootLogin no\n' }),
        link({ path: join(it.home, 'l'), target: 'x' }),
      ]
      await converge(channel, tasks)
      assert.is(readFileSync(config, 'utf8'), 'PermitRootLogin no\n')
      assert.ok(lstatSync(join(it.home, '.bashrc')).isFile())
      const patterns = [glob({ pattern: `${it.home}/d/*` }), glob({ pattern: `${it.etc}/sshd*` })]
      const facts = await channel.probe(patterns)
      assert.equal(
        patterns.map(request => facts.get(request).matches),
        [[], [config]],
      )
    })
  })

  test('a directory of root and his group that the group may write to is not taken for kept: an access list would show so', async () => {
    const it = victim()
    const before = stateOf(it)
    const shared = join(it.dir, 'shared')
    mkdirSync(shared)
    chmodSync(shared, 0o775)
    await on(it, async channel => {
      for (const task of [
        file({ path: join(shared, 'a'), content: 'x\n', owner: 'nobody', mode: '0644' }),
        directory({ path: join(shared, 'b'), owner: 'nobody', mode: '0700' }),
      ]) {
        const path = join(shared, task.kind.name === 'file' ? 'a' : 'b')
        if (task.kind.name === 'file') writeFileSync(path, 'x\n', { mode: 0o600 })
        const facts = await channel.probe(task.kind.facts(task.args, { diff: false }))
        const change = task.kind.plan(task.args, facts, { changed: false, diff: false })
        assert.ok(change)
        // He may write there, as an access list would let him, and changes what is there after the probe.
        rmSync(path, { recursive: true, force: true })
        symlinkSync(task.kind.name === 'file' ? it.shadow : it.etc, path)
        lchownSync(path, nobody, nobody)
        await channel.apply({ run: 'r', items: [{ id: 1, script: change.apply, owes: [] }] }, () => {})
        assert.equal(stateOf(it), before)
        assert.is(statSync(it.etc).uid, 0)
      }
    })
  })

  test('a link to a file of root in a folder of his is replaced, not followed, and never given away', async () => {
    const it = victim()
    const before = stateOf(it)
    const key = join(it.home, 'authorized_keys')
    asNobody('ln -s "$S" "$H/authorized_keys"', { H: it.home, S: it.shadow })
    await on(it, async channel => {
      const task = file({ path: key, content: 'key\n', owner: 'nobody', mode: '0600' })
      const { changes } = await converge(channel, [task])
      assert.match(changes[0]?.summary ?? '', `is a link that is not followed: ${it.home} belongs to nobody`)
    })
    assert.equal(stateOf(it), before)
    assert.ok(lstatSync(key).isFile())
    assert.is(statSync(key).uid, nobody)
    assert.is(readFileSync(key, 'utf8'), 'key\n')
  })

  test('what can not be done without following his link is refused, and says which link and why', async () => {
    const it = victim()
    const before = stateOf(it)
    asNobody('ln -s "$E" "$H/dir"; ln -s "$E/shadow" "$H/rc"', { H: it.home, E: it.etc })
    const [dir, rc] = [join(it.home, 'dir'), join(it.home, 'rc')] as const
    const why = `is a link that is not followed: ${it.home} belongs to nobody`
    const refused: readonly (readonly [Task, string])[] = [
      [file({ path: `${dir}/new`, content: 'x' }), dir],
      [directory({ path: dir, owner: 'nobody' }), dir],
      [directory({ path: `${dir}/sub`, owner: 'nobody' }), dir],
      [lineInFile({ path: rc, line: 'x' }), rc],
      [blockInFile({ path: rc, block: 'x' }), rc],
      [lineInFile({ path: `${dir}/shadow`, line: 'x' }), dir],
      [absent({ path: `${dir}/shadow` }), dir],
      [link({ path: `${dir}/shadow`, target: 'x', force: true }), dir],
      [fetch({ path: rc, to: join(it.dir, 'copy') }), rc],
      [fetch({ path: `${dir}/shadow`, to: join(it.dir, 'copy') }), dir],
      [download({ path: `${dir}/tool`, url: 'http://127.0.0.1:9', sha256: 'unchecked' }), dir],
      [unarchive({ path: '/nowhere.tar', destination: dir }), dir],
    ]
    await on(it, async channel => {
      for (const [task, where] of refused) {
        // An archive may come with an earlier change.
        const facts = await channel.probe(task.kind.facts(task.args, { diff: true }))
        const change = task.kind.plan(task.args, facts, { changed: true, diff: true })
        assert.match(change?.refused ?? '', `${where} ${why}`, task.title)
        assert.is(change?.diff, undefined)
      }
    })
    assert.equal(stateOf(it), before)
  })

  test('a link is removed, not what it leads to; a tree of his is removed without going through a link', async () => {
    const it = victim()
    const before = stateOf(it)
    asNobody('mkdir -p "$H/tree/a/b" "$H/tree/.c"; : >"$H/tree/a/f"; ln -s "$E" "$H/tree/a/l"; ln -s "$E" "$H/l"', {
      H: it.home,
      E: it.etc,
    })
    await on(it, channel => converge(channel, [absent({ path: [join(it.home, 'tree'), join(it.home, 'l')] })]))
    assert.equal(readdirSync(it.home), [])
    assert.equal(stateOf(it), before)
  })

  test('links that only root can have made are followed: on the way, at the end, one to another', async () => {
    const it = victim()
    mkdirSync(join(it.dir, 'real/sub'), { recursive: true })
    symlinkSync('real', join(it.dir, 'way'))
    symlinkSync('../way/sub/../conf', join(it.etc, 'conf'))
    symlinkSync('conf', join(it.etc, 'again'))
    await on(it, async channel => {
      await converge(channel, [
        file({ path: join(it.etc, 'again'), content: 'x\n', mode: '0640' }),
        file({ path: join(it.dir, 'way/sub/file'), content: 'y\n' }),
        directory({ path: join(it.dir, 'way/sub'), mode: '0750' }),
      ])
      // One that was made since the probe: by an earlier change of the same stage.
      const path = join(it.dir, 'current/conf')
      const fresh = [link({ path: join(it.dir, 'current'), target: 'real' }), file({ path, content: 'z' })]
      const facts = await channel.probe(fresh.flatMap(task => task.kind.facts(task.args, { diff: false })))
      const items = fresh.map((task, id) => {
        const change = task.kind.plan(task.args, facts, { changed: id > 0, diff: false })
        return { id, script: change?.apply ?? sh`false`, owes: [] }
      })
      assert.equal(await channel.apply({ run: 'r', items }, () => {}), {})
    })
    assert.is(readFileSync(join(it.dir, 'real/conf'), 'utf8'), 'z')
    assert.is(readlinkSync(join(it.etc, 'conf')), '../way/sub/../conf')
    assert.is(statSync(join(it.dir, 'real/sub')).mode & 0o777, 0o750)
    assert.is(readFileSync(join(it.dir, 'real/sub/file'), 'utf8'), 'y\n')
  })

  test('a link in a directory that everybody may write to, or a group, is his: sticky bit or not', async () => {
    for (const mode of [0o1777, 0o777, 0o2775]) {
      const it = victim()
      const before = stateOf(it)
      const open = join(it.dir, 'open')
      mkdirSync(open)
      chmodSync(open, mode)
      if (mode === 0o2775) chownSync(open, 0, nobody)
      asNobody('ln -s "$S" "$O/f"; ln -s "$E" "$O/d"', { S: it.shadow, E: it.etc, O: open })
      mkdirSync(join(open, 'ours'))
      await on(it, async channel => {
        await converge(channel, [
          file({ path: join(open, 'f'), content: 'x\n', owner: 'nobody' }),
          file({ path: join(open, 'ours/f'), content: 'x\n' }),
        ])
        const { failed } = await pass(channel, [file({ path: join(open, 'd/f'), content: 'x\n' })])
        assert.match(
          failed ?? '',
          /open\/d is a link that is not followed: .*\/open may be written by (everybody|a group)/,
        )
      })
      assert.equal(stateOf(it), before)
      assert.is(readFileSync(join(open, 'f'), 'utf8'), 'x\n')
    }
  })

  test('a second name of a file of root gets no owner and no mode, is not read, and is not written through', async () => {
    const it = victim()
    const before = stateOf(it)
    // As he could where fs.protected_hardlinks is off.
    const [own, read] = [join(it.home, 'own'), join(it.home, 'read')] as const
    linkSync(it.shadow, own)
    linkSync(it.shadow, read)
    await on(it, async channel => {
      await converge(channel, [file({ path: own, content: 'root:x\n', owner: 'nobody', mode: '0644' })])
      assert.is(statSync(own).uid, nobody)
      for (const task of [lineInFile({ path: read, line: 'x' }), fetch({ path: read, to: join(it.dir, 'copy') })]) {
        const { failed } = await pass(channel, [task])
        assert.match(failed ?? '', `${read} is a link, or has a second name`)
      }
    })
    assert.equal(stateOf(it), before)
    assert.is(statSync(own).nlink, 1)
  })

  test('names of temporary files are not guessed, are of no use elsewhere, and planted ones are not taken', async () => {
    const it = victim()
    const key = join(it.home, 'authorized_keys')
    const listable = join(it.etc, 'listable.conf')
    await on(it, async channel => {
      const before = stateOf(it)
      const items = [
        {
          id: 1,
          owes: [],
          // While it is checked he sees its name, and plants the same one in his own folder.
          script: sh`new=${blob('a', listable)}
for f in ${it.etc}/.listable.conf*; do
  n=\${f##*.listable.conf}
  PATH=/usr/bin:/bin setpriv --reuid=${nobody} --clear-groups ln -s ${it.shadow} ${it.home}/.authorized_keys"$n"
done
echo "$n"`,
        },
        ...[0, 1].map(id => ({
          id: id + 2,
          owes: [],
          script: sh`rota_install ${blob('key', id === 0 ? key : undefined)} ${key} 0600 nobody ''`,
        })),
      ]
      const said: string[] = []
      const result = await channel.apply({ run: 'r', items }, event => event.kind === 'done' && said.push(event.output))
      assert.equal(result, {})
      assert.match(said[0] ?? '', /^\.rota-[0-9a-f]{32}-0\n$/)
      assert.equal(stateOf(it), before)
      assert.is(readFileSync(key, 'utf8'), 'key')
      // And what he has planted has gone, as what a killed run leaves does.
      assert.equal(readdirSync(it.home), ['authorized_keys'])
    })
  })

  test('what a killed run has left goes with the next replacement, and nothing that his names lead to', async () => {
    const it = victim()
    const before = stateOf(it)
    const path = join(it.home, 'f')
    asNobody(
      `ln -s "$E" "$H/.f.rota-1"; ln -s "$E/shadow" "$H/.f.rota-2"; : >"$H/.f.rota-3"; mkdir "$H/.f.rota-4"; : >"$H/.f.rota-4/new"`,
      { H: it.home, E: it.etc },
    )
    mkdirSync(join(it.home, '.f.rota-5'), { mode: 0o700 })
    writeFileSync(join(it.home, '.f.rota-5/new'), 'left')
    writeFileSync(join(it.etc, '.x.rota-0-0'), 'left')
    await on(it, channel =>
      converge(channel, [file({ path, content: 'x' }), file({ path: join(it.etc, 'x'), content: 'x' })]),
    )
    // What is his own stays his.
    assert.equal(readdirSync(it.home).sort(), ['.f.rota-4', 'f'])
    rmSync(join(it.etc, 'x'))
    assert.equal(stateOf(it), before)
  })

  test('a download is nothing of his until its checksum is right, and nothing is left of a wrong one', async () => {
    const it = victim()
    const before = stateOf(it)
    asNobody('for n in tool.rota-new .tool.rota-1 .tool.new tool; do ln -s "$S" "$H/$n"; done', {
      H: it.home,
      S: it.shadow,
    })
    const server = createServer((request, response) => {
      if (request.url === '/[1-9]') response.end('globs')
      else if (request.url?.startsWith('/redirect')) response.writeHead(302, { location: '/tool' }).end()
      else response.end('tool')
    }).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const { port } = server.address() as { readonly port: number }
    const url = `http://127.0.0.1:${port}`
    const path = join(it.home, 'tool')
    try {
      await on(it, async channel => {
        const wrong = await pass(channel, [
          download({ path, url: `${url}/tool`, sha256: '0'.repeat(64), owner: 'nobody' }),
        ])
        assert.match(wrong.failed ?? '', 'has the checksum')
        assert.equal(stateOf(it), before)
        assert.not.ok(lstatSync(path).isFile())
        assert.not.ok(readdirSync(it.home).some(entry => entry.startsWith('.tool.rota-') && entry.length > 30))
        await converge(channel, [
          download({ path, url: `${url}/redirect`, sha256: 'unchecked', owner: 'nobody', mode: '0700' }),
        ])
        assert.is(readFileSync(path, 'utf8'), 'tool')
        assert.is(statSync(path).uid, nobody)
        await converge(channel, [download({ path, url: `${url}/tool`, sha256: 'unchecked', mode: '0750' })])
        assert.is(statSync(path).mode & 0o777, 0o750)
        const globbed = join(it.etc, 'globbed')
        await converge(channel, [download({ path: globbed, url: `${url}/[1-9]`, sha256: 'unchecked' })])
        assert.is(readFileSync(globbed, 'utf8'), 'globs')
        rmSync(globbed)
      })
    } finally {
      server.close()
    }
    assert.equal(stateOf(it), before)
  })

  test('an archive goes into a folder of his, and not through the links that he has put there', async () => {
    const it = victim()
    const before = stateOf(it)
    mkdirSync(join(it.dir, 'src/sub/.deep'), { recursive: true })
    writeFileSync(join(it.dir, 'src/sub/shadow'), 'evil')
    writeFileSync(join(it.dir, 'src/shadow'), 'evil')
    writeFileSync(join(it.dir, 'src/sub/.deep/f'), 'x', { mode: 0o640 })
    const archive = join(it.dir, 'a.tar')
    spawnSync('tar', ['-cf', archive, '-C', join(it.dir, 'src'), '.'])
    asNobody(
      'mkdir "$H/app"; ln -s "$E" "$H/app/sub"; ln -s "$E/shadow" "$H/app/shadow"; ln -s "$E/shadow" "$H/app/.rota-unarchive-a.tar"',
      {
        H: it.home,
        E: it.etc,
      },
    )
    const app = join(it.home, 'app')
    await on(it, async channel => {
      await converge(channel, [unarchive({ source: archive, destination: app, owner: 'nobody' })])
      await converge(channel, [unarchive({ path: archive, destination: join(it.home, 'other'), owner: 'nobody' })])
      // Again, now that all of it is his.
      writeFileSync(join(it.dir, 'src/sub/more'), 'more')
      spawnSync('tar', ['-cf', archive, '-C', join(it.dir, 'src'), '.'])
      await converge(channel, [unarchive({ path: archive, destination: app, owner: 'nobody' })])
    })
    assert.equal(stateOf(it), before)
    assert.is(readFileSync(join(app, 'sub/shadow'), 'utf8'), 'evil')
    assert.is(readFileSync(join(app, 'sub/more'), 'utf8'), 'more')
    assert.is(statSync(join(app, 'sub/.deep/f')).mode & 0o777, 0o640)
    assert.is(statSync(join(app, 'sub')).uid, nobody)
    assert.is(statSync(join(it.home, 'other/sub/.deep/f')).uid, nobody)
    assert.equal(readdirSync(app).sort(), ['.rota-unarchive-a.tar', 'shadow', 'sub'])
  })

  test('a directory that an earlier change of the stage gives to him is his for the later ones', async () => {
    const it = victim()
    const app = join(it.dir, 'app')
    const tasks = [
      directory({ path: app, owner: 'nobody' }),
      file({ path: join(app, 'conf'), content: 'x' }),
      directory({ path: join(it.dir, 'group'), mode: '2775' }),
      file({ path: join(it.dir, 'group/conf'), content: 'x' }),
      directory({ path: join(it.dir, 'plain') }),
      file({ path: join(it.dir, 'plain/conf'), content: 'x' }),
      directory({ path: join(it.dir, 'old'), mode: '0777' }),
      file({ path: join(it.dir, 'old/sub/conf'), content: 'x' }),
    ]
    mkdirSync(join(it.dir, 'old/sub'), { recursive: true })
    await on(it, async channel => {
      const facts = await channel.probe(tasks.flatMap(task => task.kind.facts(task.args, { diff: false })))
      const stage = tasks.map((unit, id) => ({ id, role: 'r', unit, owes: [] }))
      const scripts = planStage(stage, facts, { changed: true, diff: false }).map(({ change }) => change.apply)
      // What nobody else has a say in is put beside its place at once.
      assert.equal(
        scripts.map(({ blobs }) => blobs.map(({ near }) => near !== undefined)),
        [[], [false], [], [false], [], [true], [], [false]],
      )
      const items = scripts.map((script, id) => ({ id, script, owes: [] }))
      assert.equal(await channel.apply({ run: 'r', items }, () => {}), {})
      await converge(channel, tasks)
    })
  })

  test('a state directory that others may write is closed; one of somebody else, or with his links in it, is refused', async () => {
    const refusal = async (it: Victim): Promise<string> => {
      try {
        await (await openChannel(local(shell), { readOnly: false, stateDir: it.stateDir })).close()
        return ''
      } catch (error) {
        assert.ok(isFailure(error, 'unreachable'))
        return String(error)
      }
    }
    const it = victim()
    mkdirSync(it.stateDir)
    chmodSync(it.stateDir, 0o777)
    assert.is(await refusal(it), '')
    assert.is(statSync(it.stateDir).mode & 0o777, 0o700)
    for (const entry of ['lock', 'lock.pid', 'pending', 'backup', 'unfinished']) {
      const planted = victim()
      const before = stateOf(planted)
      mkdirSync(planted.stateDir)
      chmodSync(planted.stateDir, 0o777)
      asNobody('ln -s "$T" "$D/$N"', {
        T: entry.startsWith('lock') ? planted.shadow : planted.etc,
        D: planted.stateDir,
        N: entry,
      })
      assert.match(await refusal(planted), `${entry} is a link or belongs to somebody else`)
      assert.equal(stateOf(planted), before)
    }
    const his = victim()
    mkdirSync(his.stateDir)
    chownSync(his.stateDir, nobody, nobody)
    assert.match(await refusal(his), 'belongs to somebody else')
    assert.equal(readdirSync(his.stateDir), [])
  })

  test('what a killed run has left in his folder goes, and what he puts in its place leads nowhere', async () => {
    const it = victim()
    const before = stateOf(it)
    mkdirSync(it.stateDir, { mode: 0o700 })
    mkdirSync(join(it.home, '.b.rota-0'), { mode: 0o700 })
    for (const name of ['.a.rota-0-0', '.b.rota-0/new']) writeFileSync(join(it.home, name), 'left')
    asNobody(
      'ln -s "$E/shadow" "$H/.c.rota-0"; ln -s "$E" "$H/.d.rota-0"; mkdir "$H/.e.rota-0"; : >"$H/.e.rota-0/his"; ln -s "$E" "$H/way"',
      { E: it.etc, H: it.home },
    )
    const made = ['.a.rota-0-0', '.b.rota-0', '.c.rota-0', '.d.rota-0', '.e.rota-0', 'way/shadow', 'gone/for-ever']
    writeFileSync(join(it.stateDir, 'unfinished'), made.map(name => `${join(it.home, name)}\n`).join(''))
    await (await openChannel(local(shell), { readOnly: false, stateDir: it.stateDir })).close()
    assert.equal(readdirSync(it.home).sort(), ['.e.rota-0', 'way'])
    assert.equal(readdirSync(join(it.home, '.e.rota-0')), ['his'])
    assert.not.ok(existsSync(join(it.stateDir, 'unfinished')))
    assert.equal(stateOf(it), before)
  })

  test('a link to a directory that he puts in the place at the last moment takes nothing in', async () => {
    const it = victim()
    const before = stateOf(it)
    const key = join(it.home, 'key')
    // The last moment is when `mv` starts.
    const late = sh`mv() { rm -rf ${key}; ln -s ${it.etc} ${key}; command mv "$@"; }`
    await on(it, async channel => {
      const scripts = [sh`${late}\nrota_install ${blob('key')} ${key} 0600 nobody ''`, sh`${late}\nrota_link x ${key}`]
      for (const [id, script] of scripts.entries())
        await channel.apply({ run: 'r', items: [{ id, script, owes: [] }] }, () => {})
    })
    assert.equal(stateOf(it), before)
    assert.equal(readdirSync(it.home), ['key'])
  })

  test('a directory that he swaps for a link at the last moment is not entered', async () => {
    const it = victim()
    const before = stateOf(it)
    asNobody('mkdir -p "$H/tree/d"', { H: it.home })
    const late = sh`cd() {
  case $2 in ./tree | ./made | ./sub) mv "$2" "$2.away"; ln -s ${it.etc} "$2" ;; esac
  command cd "$@"
}`
    const scripts = [
      sh`${late}\nrota_remove ${join(it.home, 'tree')}`,
      sh`${late}\nrota_directory ${join(it.home, 'made/x')} 0777 nobody ''`,
      sh`${late}\nmkdir -p "$ROTA_TMP/t/sub"; : >"$ROTA_TMP/t/sub/f"; rota_merge "$ROTA_TMP/t" ${it.home}`,
    ]
    await on(it, async channel => {
      for (const [id, script] of scripts.entries()) {
        const { failed } = await channel.apply({ run: 'r', items: [{ id, script, owes: [] }] }, () => {})
        assert.is(failed?.id, id)
      }
    })
    assert.equal(stateOf(it), before)
    assert.equal(
      readdirSync(it.home).filter(entry => lstatSync(join(it.home, entry)).isSymbolicLink()),
      ['made', 'sub', 'tree'],
    )
  })

  test('what a user does with links of his own in his own folder is his business: Rota as that user follows them', async () => {
    const it = victim()
    const own = join(it.home, 'own')
    asNobody('mkdir -m 775 "$O" "$O/real"; ln -s real "$O/dir"; ln -s dir/rc "$O/rc"; echo a >"$O/real/rc"', { O: own })
    const asUser = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', ...shell]
    await withChannel(asUser, { stateDir: join(it.home, 'state') }, async channel => {
      await converge(channel, [
        lineInFile({ path: join(own, 'rc'), line: 'b', mode: '0600' }),
        directory({ path: join(own, 'dir'), mode: '0750' }),
        file({ path: join(own, 'dir/new'), content: 'x' }),
      ])
    })
    assert.ok(lstatSync(join(own, 'rc')).isSymbolicLink())
    assert.is(readFileSync(join(own, 'real/rc'), 'utf8'), 'a\nb\n')
    assert.is(statSync(join(own, 'real')).mode & 0o777, 0o750)
    assert.is(readFileSync(join(own, 'real/new'), 'utf8'), 'x')
  })

  test('a temporary directory in a folder of his is not used', async () => {
    const it = victim()
    const before = process.env.TMPDIR
    process.env.TMPDIR = it.home
    try {
      await on(it, async channel => {
        const { stdout } = await channel.run({ script: sh`echo "$ROTA_TMP"` })
        assert.match(stdout, /^\/tmp\/rota\./)
      })
    } finally {
      if (before === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = before
    }
  })

  test.run()
}
