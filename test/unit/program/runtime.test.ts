import { execFileSync, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defineFact } from '../../../engine/facts/fact.ts'
import { pending } from '../../../engine/facts/pending.ts'
import { isFailure } from '../../../engine/failure/index.ts'
import { newRunId } from '../../../engine/journal/journal.ts'
import type { ApplyItem } from '../../../engine/program/requests.ts'
import type { Shell } from '../../../engine/shell/shell.ts'
import { blob, raw, sh } from '../../../engine/shell/shell.ts'
import { openChannel } from '../../../engine/transport/channel.ts'
import type { ApplyEvent } from '../../../engine/transport/types.ts'
import { local, scratch, shells, withChannel } from './shells.ts'

const base = scratch()
const isRoot = process.getuid?.() === 0
const change = (id: number, script: Shell, more: Partial<ApplyItem> = {}): ApplyItem => ({
  id,
  script,
  owes: [],
  ...more,
})
const sha256 = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex')
const leftovers = (directory: string): readonly string[] =>
  readdirSync(directory).filter(name => name.includes('.rota-'))
const textFact = defineFact<string, string>({
  name: 'text',
  probe: args => args.map(arg => sh`printf ${'%s\n'} ${Buffer.from(arg).toString('base64')}`.text).join('\n'),
  parse: output =>
    output
      .split('\n')
      .filter(Boolean)
      .map(line => Buffer.from(line, 'base64').toString()),
})
// No NUL: a shell word can't hold one. No U+0001: it marks blobs in shell text.
const word = fc.string({ unit: 'grapheme-composite' }).map(text => text.replaceAll('\0', '').replaceAll('\u0001', ''))
const nasty = fc.oneof(
  word,
  fc.constantFrom(
    '$(touch /pwned)',
    '`id`',
    "it's",
    '-n',
    '--',
    '*',
    '~',
    'a\nb\n',
    '"',
    '\\',
    "'\\''",
    '',
    ' ',
    '%s',
    '!!',
  ),
)

for (const [name, shell] of shells(base)) {
  const test = suite(`runtime in ${name}`)
  let count = 0
  const home = (): string => {
    count += 1
    const path = join(base, `${name}-${count}`)
    mkdirSync(path)
    return path
  }

  test('any value reaches a command as it is', async () => {
    await withChannel(shell, { stateDir: join(home(), 'state'), readOnly: true }, async channel => {
      await fc.assert(
        fc.asyncProperty(fc.array(nasty, { minLength: 1, maxLength: 4 }), async values => {
          const { stdout, exitCode } = await channel.run({ script: sh`printf ${'<%s>'} ${values}` })
          assert.is(stdout, values.map(value => `<${value}>`).join(''))
          assert.is(exitCode, 0)
        }),
        { numRuns: 60 },
      )
    })
  })

  test('any value survives a nested shell, a blob and a fact', async () => {
    const stateDir = join(home(), 'state')
    await withChannel(shell, { stateDir }, async channel => {
      await fc.assert(
        fc.asyncProperty(nasty, async value => {
          const outputs: string[] = []
          const script = sh`sh -c ${sh`printf %s ${value}`.text}; cat ${blob(value)}`
          const items = [change(1, script)]
          const result = channel.apply(
            { run: 'r', items },
            event => event.kind === 'done' && outputs.push(event.output),
          )
          const facts = value === '' ? undefined : channel.probe([textFact(value)])
          assert.equal(await result, {})
          assert.is(outputs.join(''), value + value)
          if (facts) assert.is((await facts).get(textFact(value)), value)
        }),
        { numRuns: 40 },
      )
    })
  })

  test('blobs arrive with every byte, of any size, small and large mixed', async () => {
    const directory = home()
    const localFile = join(directory, 'local')
    const large = randomBytes(5 * 1024 * 1024 + 17)
    writeFileSync(localFile, large)
    const contents = [
      Buffer.alloc(0),
      Buffer.from([0]),
      Buffer.from('\n.\n\n'),
      randomBytes(1024 * 1024),
      randomBytes(1024 * 1024 + 1),
      randomBytes(32_768),
      randomBytes(65_537),
    ]
    await withChannel(shell, { stateDir: join(directory, 'state') }, async channel => {
      const events: ApplyEvent[] = []
      const items = [
        change(1, sh`sha256sum <${blob({ path: localFile, size: large.length })}`),
        ...contents.map((content, index) =>
          change(index + 2, sh`sha256sum <${blob(content)}; echo; sha256sum <${blob(large)}`),
        ),
      ]
      assert.equal(await channel.apply({ run: 'r', items }, event => events.push(event)), {})
      const sums = events.flatMap(event =>
        event.kind === 'done' ? [event.output.replaceAll(/[ \n-]+/g, ' ').trim()] : [],
      )
      assert.equal(sums, [sha256(large), ...contents.map(content => `${sha256(content)} ${sha256(large)}`)])
    })
  })

  if (name !== 'busybox')
    test('a large file is brought to the disk piece by piece: an fsync of others never waits for all of it', async () => {
      const directory = home()
      const log = join(directory, 'log')
      const real = execFileSync('sh', ['-c', 'command -v dd']).toString().trim()
      // As of uutils, which cuts off what it is to add to.
      const cut = 'case "$*" in *notrunc*) ;; *) : >/proc/self/fd/1 ;; esac'
      const text = `#!/bin/sh\necho "$*" >>'${log}'\n${cut}\nexec ${real} "$@"\n`
      writeFileSync(join(directory, 'dd'), text, { mode: 0o755 })
      const content = randomBytes(10 * 1024 * 1024 + 5)
      const paths = `PATH=${directory}:${process.env.PATH}`
      await withChannel(['env', paths, ...shell], { stateDir: join(directory, 'state') }, async channel => {
        const items = [change(1, sh`cat ${blob(content)} >${join(directory, 'copy')}`)]
        assert.equal((await channel.apply({ run: 'r', items }, () => {})).failed, undefined)
      })
      assert.ok(readFileSync(join(directory, 'copy')).equals(content))
      const sizes = [...readFileSync(log, 'utf8').matchAll(/bs=(\d+) count=(\d+) iflag=fullblock conv=notrunc,fsync/g)]
      assert.equal(
        sizes.map(([, size, count]) => Number(size) * Number(count)),
        [4 * 1024 * 1024, 4 * 1024 * 1024, 5],
      )
    })

  test('a command of a step ends with its first line that fails, with a timeout too', async () => {
    await withChannel(shell, { stateDir: join(home(), 'state'), readOnly: true }, async channel => {
      for (const timeout of [undefined, 20]) {
        const run = (text: string) => channel.run({ script: raw(text), ...(timeout === undefined ? {} : { timeout }) })
        assert.equal(await run('echo a\nfalse\necho b'), { exitCode: 1, stdout: 'a\n', stderr: '' })
        assert.is((await run('(exit 7)\necho b')).exitCode, 7)
        assert.is((await run('unset x; echo "$x"\necho b')).stdout, '')
        assert.equal(await run('false || echo a\n[ 1 = 2 ] && echo b\nif false; then :; fi\necho c'), {
          exitCode: 0,
          stdout: 'a\nc\n',
          stderr: '',
        })
        // dash of Debian 12 knows no pipefail.
        const knows = (await run('command set -o pipefail')).exitCode === 0
        assert.is((await run('false | cat\necho b')).exitCode, knows ? 1 : 0)
        assert.is((await run('echo still here')).stdout, 'still here\n')
      }
    })
  })

  test('random binary goes in by stdin and comes out by stdout', async () => {
    await withChannel(shell, { stateDir: join(home(), 'state'), readOnly: true }, async channel => {
      const data = randomBytes(300_000)
      const { stdout } = await channel.run({ script: raw('base64'), stdin: data })
      assert.is(sha256(Buffer.from(stdout, 'base64')), sha256(data))
    })
  })

  test('a local file that is too short fails its item, and the rest stays in step', async () => {
    const directory = home()
    const path = join(directory, 'short')
    writeFileSync(path, 'abc')
    await withChannel(shell, { stateDir: join(directory, 'state') }, async channel => {
      const items = [change(1, sh`cat ${blob({ path, size: 200_000 })}`), change(2, sh`cat ${blob('unused')}`)]
      const result = await channel.apply({ run: 'r', items }, () => {})
      assert.is(result.failed?.id, 1)
      assert.match(result.failed?.output ?? '', /short has become shorter while it was sent/)
      assert.is((await channel.run({ script: raw('echo still here') })).stdout, 'still here\n')
    })
  })

  test('after a failure nothing more is run, and what was owed stays owed', async () => {
    const directory = home()
    const seen: ApplyEvent[] = []
    await withChannel(shell, { stateDir: join(directory, 'state') }, async channel => {
      const items = [
        change(1, raw('echo one'), { owes: ['haproxy/reload', "a b/c'd"] }),
        change(5, raw('echo two >&2; false; echo never')),
        change(3, sh`touch ${join(directory, 'never')}; cat ${blob(randomBytes(100_000))}`),
        change(4, raw('true'), { pays: 'haproxy/reload' }),
      ]
      const result = channel.apply({ run: 'r', items }, event => seen.push(event))
      const facts = channel.probe([pending({})])
      assert.equal(await result, { failed: { id: 5, exitCode: 1, output: 'two\n' } })
      assert.equal([...(await facts).get(pending({}))].sort(), ["a b/c'd", 'haproxy/reload'])
      assert.equal(
        seen.map(({ kind, id }) => `${kind} ${id}`),
        ['started 1', 'done 1', 'started 5', 'done 5', 'notRun 3', 'notRun 4'],
      )
      assert.not.ok(existsSync(join(directory, 'never')))
      // Both were written without waiting: one wait besides the hello.
      assert.is(channel.stats().roundTrips, 2)
      assert.is(channel.stats().programs, 2)
      assert.equal(
        await channel.apply({ run: 'r2', items: [change(1, raw('true'), { pays: 'haproxy/reload' })] }, () => {}),
        {},
      )
      assert.equal((await channel.probe([pending({})])).get(pending({})), ["a b/c'd"])
    })
  })

  test('what is asked for in one go travels as one program, with the content of all', async () => {
    await withChannel(shell, { stateDir: join(home(), 'state') }, async channel => {
      await channel.probe([pending({})])
      const said: string[] = []
      const onEvent = (event: ApplyEvent) => event.kind === 'done' && said.push(event.output)
      const script = (text: string) =>
        sh`cat ${blob(text)}; case $rota_text in *"rota_facts "[0-9]*) echo " and a probe" ;; esac`
      const first = channel.apply({ run: 'r', items: [change(1, script('one'))] }, onEvent)
      const probe = channel.probe([textFact('x')])
      const second = channel.apply({ run: 'r', items: [change(1, script('two'))] }, onEvent)
      assert.equal(await Promise.all([first, second]), [{}, {}])
      assert.is((await probe).get(textFact('x')), 'x')
      assert.equal(said, ['one and a probe\n', 'two'])
      assert.equal(await channel.apply({ run: 'r', items: [change(1, script('later'))] }, onEvent), {})
      assert.is(said[2], 'later')
    })
  })

  test('a handler that fails stays owed', async () => {
    const stateDir = join(home(), 'state')
    await withChannel(shell, { stateDir }, async channel => {
      await channel.apply(
        { run: 'r', items: [change(1, raw('true'), { owes: ['x/y'] }), change(2, raw('false'), { pays: 'x/y' })] },
        () => {},
      )
      assert.equal((await channel.probe([pending({})])).get(pending({})), ['x/y'])
    })
  })

  test('handlers that have run are taken from what is owed, also before a failure; one that is owed anew stays', async () => {
    const stateDir = join(home(), 'state')
    await withChannel(shell, { stateDir }, async channel => {
      const items = [
        change(1, raw('true'), { owes: ['x/a', 'x/b', 'x/c'] }),
        change(2, raw('true'), { pays: 'x/a' }),
        change(3, raw('true'), { pays: 'x/b' }),
        change(4, raw('true'), { owes: ['x/b'] }),
        change(5, raw('true'), { pays: 'x/c' }),
        // A crash or a reboot from here on must not have them run again.
        change(6, sh`ls "$ROTA_STATE/pending" >${join(stateDir, 'seen')}; exit 1`),
      ]
      const applying = channel.apply({ run: 'r', items }, () => {})
      assert.equal((await channel.probe([pending({})])).get(pending({})), ['x/b'])
      assert.is((await applying).failed?.id, 6)
    })
    assert.is(readFileSync(join(stateDir, 'seen'), 'utf8'), 'x%2Fb\n')
  })

  test('a script has set -eu, no stdin, an umask for others to read, and can not end or confuse the runtime', async () => {
    const directory = home()
    await withChannel(shell, { stateDir: join(directory, 'state') }, async channel => {
      const output = async (text: string): Promise<string> => {
        let said = ''
        await channel.apply({ run: 'r', items: [change(1, raw(text))] }, event => {
          if (event.kind === 'done') said = `${event.exitCode}:${event.output}`
        })
        return said
      }
      assert.is(await output('cat; umask'), '0:0022\n')
      assert.match(await output('echo $rota_not_set; echo no'), /^[1-9]\d*:/)
      assert.is(await output('exit 7'), '7:')
      assert.match(await output('if then fi ('), /^[1-9]\d*:/)
      assert.is(
        await output("kill -9 $(sh -c 'echo $PPID') 2>/dev/null; echo x >&3").then(said => said.startsWith('0')),
        false,
      )
      assert.is(await output('echo "fact 1 0 2"; echo done 1 1 0; exec >&-'), '0:fact 1 0 2\ndone 1 1 0\n')
      assert.is(await output('printf "no newline"'), '0:no newline')
      assert.is(await output('rota_say() { :; }; ROTA_TMP=/; cd /; set -f; trap "" TERM'), '0:')
      assert.is(await output('echo fine'), '0:fine\n')
    })
  })

  test('a daemon holds neither the channel nor the lock', async () => {
    const directory = home()
    const stateDir = join(directory, 'state')
    const pidFile = join(directory, 'pid')
    const begun = Date.now()
    await withChannel(shell, { stateDir }, async channel => {
      assert.equal(
        await channel.apply(
          { run: 'r', items: [change(1, sh`sleep 20 & echo $! >${pidFile}; echo started`)] },
          () => {},
        ),
        {},
      )
      assert.is((await channel.run({ script: raw('sleep 5 & echo $!') })).exitCode, 0)
    })
    await withChannel(shell, { stateDir }, async channel => {
      assert.is((await channel.run({ script: raw('echo again') })).stdout, 'again\n')
    })
    assert.ok(Date.now() - begun < 10_000)
    process.kill(Number(readFileSync(pidFile, 'utf8')))
  })

  test('the first program travels with the runtime, whatever it holds; those behind it follow', async () => {
    const value = `it's "$HOME"\n`
    await withChannel(shell, { stateDir: join(home(), 'state'), eager: true }, async channel => {
      const facts = channel.probe([textFact(value)])
      const second = channel.run({ script: sh`printf %s ${blob('by a blob')} | xargs cat` })
      assert.is((await facts).get(textFact(value)), value)
      assert.is((await second).stdout, 'by a blob')
      // The second waits for the hello, since the shell may read ahead until then.
      assert.is(channel.stats().roundTrips, 2)
    })
    await withChannel(shell, { stateDir: join(home(), 'state'), eager: true }, async channel => {
      // Content can't travel there, and nothing overtakes it.
      const path = join(home(), 'file')
      const first = channel.run({ script: sh`sleep 0.1; cp ${blob('first')} ${path}` })
      const second = channel.run({ script: sh`cat ${path}` })
      assert.is((await first).exitCode, 0)
      assert.is((await second).stdout, 'first')
    })
  })

  test('kinds of fact do not disturb each other; one that ends their shell is named, and the channel goes on', async () => {
    const kind = (name: string, script: string) =>
      defineFact<string, string>({ name, probe: () => script, parse: (output, args) => args.map(() => output) })
    const failing = kind('failing', 'set -- a; printf %s "$1"; false')
    const leaving = kind('leaving', 'echo half; exit 0')
    await withChannel(shell, { stateDir: join(home(), 'state'), readOnly: true }, async channel => {
      const facts = await channel.probe([failing('x'), textFact('ok')])
      assert.is(facts.get(failing('x')), 'a')
      assert.is(facts.get(textFact('ok')), 'ok')
      const error = await channel.probe([leaving('x'), textFact('ok')]).then(() => '', String)
      assert.match(error, /fact leaving: its script did not come to its end \(it printed \d+ characters\)/)
      assert.is((await channel.probe([textFact('again')])).get(textFact('again')), 'again')
    })
  })

  test('rota_install replaces at once, follows a link, keeps the backup, removes leftovers', async () => {
    const directory = home()
    const stateDir = join(directory, 'state')
    const path = join(directory, 'etc', 'it is.conf')
    const link = join(directory, 'link')
    mkdirSync(join(directory, 'etc'))
    writeFileSync(path, 'old')
    writeFileSync(join(directory, 'etc', '.it is.conf.rota-dead-0'), 'left by a run that was killed')
    chmodSync(path, 0o640)
    symlinkSync('etc/it is.conf', link)
    const before = openSync(path, 'r')
    await withChannel(shell, { stateDir }, async channel => {
      const fresh = join(directory, 'new', 'file')
      const items = [
        change(1, sh`rota_backup ${path}; rota_install ${blob('new', link)} ${link} 0604 ${''} ${''}`),
        change(2, sh`rota_backup ${path}; rota_install ${blob('newer', path)} ${path} ${''} ${''} ${''}`),
        // The directory is made by the change itself: the content comes from elsewhere and is renamed from beside all
        // the same.
        change(
          3,
          sh`mkdir ${join(directory, 'new')}; rota_backup ${fresh}; rota_install ${blob('x', fresh)} ${fresh} 644 ${''} ${''}`,
        ),
      ]
      assert.equal(await channel.apply({ run: 'run-1', items }, () => {}), {})
      assert.is(readFileSync(path, 'utf8'), 'newer')
      assert.ok(lstatSync(link).isSymbolicLink())
      // Who had the old file open still reads the old one whole.
      assert.is(readFileSync(before, 'utf8'), 'old')
      closeSync(before)
      assert.is(statSync(path).mode & 0o777, 0o600)
      assert.is(statSync(fresh).mode & 0o777, 0o644)
      assert.equal(leftovers(join(directory, 'etc')), [])
      assert.equal(leftovers(join(directory, 'new')), [])
      const backup = join(stateDir, 'backup', 'run-1', '0')
      const kept = (of: string): string => of.replaceAll('%', '%25').replaceAll('/', '%2F')
      assert.is(readFileSync(join(backup, kept(path)), 'utf8'), 'old')
      assert.equal(readdirSync(join(backup, 'absent')), [kept(fresh)])
      assert.is(statSync(stateDir).mode & 0o777, 0o700)
      assert.is(statSync(backup).mode & 0o777, 0o700)
      const refused = await channel.apply(
        { run: 'run-1', items: [change(1, sh`rota_install ${blob('x')} ${directory} 644 ${''} ${''}`)] },
        () => {},
      )
      assert.match(refused.failed?.output ?? '', /is a directory, not a file/)
    })
  })

  test('the ten newest backups stay', async () => {
    const directory = home()
    const stateDir = join(directory, 'state')
    const named = (second: number) => newRunId(new Date(second * 1000))
    for (let second = 1; second <= 14; second++) mkdirSync(join(stateDir, 'backup', named(second)), { recursive: true })
    await withChannel(shell, { stateDir }, async channel => {
      await channel.apply({ run: named(15), items: [change(1, sh`rota_backup ${join(directory, 'x')}`)] }, () => {})
    })
    assert.equal(readdirSync(join(stateDir, 'backup')).sort(), [6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map(named))
    // A clock that was set back does not cost a run its own.
    await withChannel(shell, { stateDir }, async channel => {
      await channel.apply({ run: named(0), items: [change(1, sh`rota_backup ${join(directory, 'x')}`)] }, () => {})
    })
    assert.ok(readdirSync(join(stateDir, 'backup')).includes(named(0)))
  })

  test('the content of a file is never in the reach of others, and temporary files go', async () => {
    const directory = home()
    let tmp = ''
    await withChannel(shell, { stateDir: join(directory, 'state') }, async channel => {
      const seen: string[] = []
      const near = join(directory, 'secret')
      await channel.apply(
        {
          run: 'r',
          items: [
            change(1, sh`stat -c ${'%a %n'} ${blob('s', near)} "$ROTA_TMP"`),
            change(2, raw('ls -A "$ROTA_TMP"')),
          ],
        },
        event => event.kind === 'done' && seen.push(event.output),
      )
      const [first, second] = (seen[0] ?? '').split('\n')
      assert.match(first ?? '', /^600 .*\/\.secret\.rota-[0-9a-f]+-0$/)
      assert.match(second ?? '', /^700 /)
      tmp = (second ?? '').slice(4)
      assert.equal(leftovers(directory), [])
      assert.ok(existsSync(tmp))
    })
    assert.not.ok(existsSync(tmp))
  })

  if (name === 'busybox')
    test('without flock, a process that is dead and has not been reaped holds no lock', async () => {
      const stateDir = join(home(), 'state')
      mkdirSync(stateDir, { mode: 0o700 })
      // Its parent does not wait for it, and is alive.
      const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'inherit'] })
      try {
        const [said] = await once(parent.stdout, 'data')
        const pid = Number(String(said))
        const stat = () =>
          readFileSync(`/proc/${pid}/stat`, 'utf8')
            .replace(/^.*\) /s, '')
            .split(' ')
        while (stat()[0] !== 'Z') await sleep(10)
        writeFileSync(join(stateDir, 'lock.pid'), `${pid} ${stat()[19]} somebody\n`)
        await withChannel(shell, { stateDir }, async () => {})
      } finally {
        parent.kill()
      }
    })

  test('what a killed run has left is removed by the next, whatever that one does', async () => {
    const directory = home()
    const stateDir = join(directory, 'state')
    const etc = join(directory, 'etc')
    mkdirSync(etc)
    const near = join(etc, 'conf')
    const channel = await openChannel(local(shell), { readOnly: false, stateDir })
    const { pid } = await channel.target
    const script = sh`printf ${'%s\n'} "$ROTA_TMP" >${join(directory, 'tmp')}; : ${blob('secret', near)}; kill -9 ${pid}; sleep 0.1`
    await channel.apply({ run: 'r', items: [change(1, script)] }, () => {}).catch(() => {})
    await channel.close()
    const tmp = readFileSync(join(directory, 'tmp'), 'utf8').trim()
    assert.ok(existsSync(tmp))
    assert.is(leftovers(etc).length, 1)
    writeFileSync(join(stateDir, 'stop.of-the-dead'), '')
    // The dead shell's script holds no lock; it may take its time.
    await withChannel(shell, { stateDir, readOnly: true }, probing => probing.run({ script: raw(':') }))
    assert.ok(existsSync(tmp), 'check mode changes nothing')
    await withChannel(shell, { stateDir }, async () => {
      assert.not.ok(existsSync(tmp))
      assert.equal(leftovers(etc), [])
      assert.equal(
        readdirSync(stateDir).filter(entry => !entry.startsWith('lock')),
        [],
      )
    })
  })

  test('what a command that was killed has left goes with its run', async () => {
    const directory = home()
    const stateDir = join(directory, 'state')
    const etc = join(directory, 'etc')
    mkdirSync(etc)
    await withChannel(shell, { stateDir }, async channel => {
      const script = sh`rota_shared=1; cd ${etc}; rota_enter_room conf; : >./new; kill -9 $(exec sh -c ${'echo $PPID'})`
      const { failed } = await channel.apply({ run: 'r', items: [change(1, script)] }, () => {})
      assert.is(failed?.exitCode, 137)
      assert.is(leftovers(etc).length, 1)
    })
    assert.equal(leftovers(etc), [])
    assert.not.ok(existsSync(join(stateDir, 'unfinished')))
  })

  if (name !== 'busybox')
    test('a process that is killed while it receives content, or sends output, ends the channel: nothing is guessed', async () => {
      const directory = home()
      const stateDir = join(directory, 'state')
      const bin = join(directory, 'bin')
      mkdirSync(bin)
      for (const [tool, when] of [
        ['dd', '*bs=12241*'],
        ['wc', '*'],
        ['head', '*'],
      ] as const) {
        const path = join(bin, tool)
        writeFileSync(path, `#!/bin/sh\ncase "$*" in ${when}) kill -9 $$ ;; esac\nexec /usr/bin/${tool} "$@"\n`)
        chmodSync(path, 0o755)
        // A bash whose stdin is a socket reads its user’s .bashrc, which may need these tools.
        const patched = ['/usr/bin/env', `HOME=${directory}`, `PATH=${bin}:${process.env.PATH}`, ...shell]
        const lost = await withChannel(patched, { stateDir }, channel =>
          channel
            .run({ script: sh`cat ${blob(randomBytes(77_777))} >/dev/null; echo said` })
            .then(String, error => error),
        )
        assert.ok(isFailure(lost, 'unreachable') && lost.reason.obstacle === 'lost', `${tool}: ${lost}`)
        writeFileSync(path, `#!/bin/sh\nexec /usr/bin/${tool} "$@"\n`)
      }
    })

  test('without a place for temporary files a change and a command fail, and say why', async () => {
    const directory = home()
    const stateDir = join(directory, 'state')
    await withChannel(shell, { stateDir }, async channel => {
      await channel.probe([pending({})])
      // Nothing can be written down there.
      mkdirSync(join(stateDir, 'unfinished'))
      const items = [change(1, sh`cat ${blob('x', join(directory, 'f'))}`), change(2, raw('true'))]
      const { failed } = await channel.apply({ run: 'r', items }, () => {})
      assert.is(failed?.id, 1)
      assert.match(failed?.output ?? '', /can't make \/.*: is the disk full or read-only\?/)
      const said = await channel.run({ script: raw('echo never') })
      assert.equal([said.exitCode, said.stdout], [1, ''])
      assert.match(said.stderr, /is the disk full or read-only\?/)
    })
  })

  test('the lock is held by one channel, says by whom, and goes with its process', async () => {
    const stateDir = join(home(), 'state')
    const first = await openChannel(local(shell), { readOnly: false, stateDir })
    const { pid } = await first.target
    try {
      await openChannel(local(shell), { readOnly: false, stateDir })
      assert.unreachable()
    } catch (error) {
      assert.ok(isFailure(error, 'unreachable'))
      if (!isFailure(error, 'unreachable')) return
      assert.is(error.reason.obstacle, 'lock')
      assert.match(error.message, new RegExp(`${pid}.*process ${process.pid}\\).*since 20`))
    }
    await withChannel(shell, { stateDir, readOnly: true }, async channel => {
      assert.is((await channel.run({ script: raw('echo reading') })).stdout, 'reading\n')
    })
    process.kill(pid, 'SIGKILL')
    await sleep(50)
    await withChannel(shell, { stateDir }, async () => {})
    await first.close()
  })

  test('check mode leaves nothing behind', async () => {
    const stateDir = join(home(), 'state')
    await withChannel(shell, { stateDir, readOnly: true }, async channel => {
      await channel.probe([pending({}), textFact('x')])
      try {
        await channel.apply({ run: 'r', items: [change(1, raw('true'))] }, () => {})
        assert.unreachable()
      } catch (error) {
        assert.match(String(error), /check mode can't apply/)
      }
    })
    assert.not.ok(existsSync(stateDir))
  })

  test('a timeout ends the command, and the channel goes on', async () => {
    await withChannel(shell, { stateDir: join(home(), 'state'), readOnly: true }, async channel => {
      const begun = Date.now()
      assert.is((await channel.run({ script: sh`cat ${blob('x')}; sleep 30`, timeout: 1, stdin: 'y' })).exitCode, 124)
      assert.ok(Date.now() - begun < 5000)
      assert.equal(await channel.run({ script: sh`cat ${blob('x')} -; exit 3`, timeout: 5, stdin: 'y' }), {
        exitCode: 3,
        stdout: 'xy',
        stderr: '',
      })
    })
  })

  test('a connection that dies says which change was running', async () => {
    const directory = home()
    const channel = await openChannel(local(shell), { readOnly: false, stateDir: join(directory, 'state') })
    const { pid } = await channel.target
    const items = [change(1, raw('true')), change(2, raw('sleep 3')), change(3, raw('true'))]
    const result = channel.apply({ run: 'r', items }, event => {
      if (event.kind === 'started' && event.id === 2) process.kill(pid, 'SIGKILL')
    })
    const probe = channel.probe([pending({})])
    probe.catch(() => {})
    try {
      await result
      assert.unreachable()
    } catch (error) {
      assert.ok(isFailure(error, 'unreachable'))
      assert.match(String(error), /the connection was lost: 1 of 3 changes had been made, item 2 was running/)
    }
    await probe.then(
      () => assert.unreachable(),
      error => assert.is(error.reason.obstacle, 'lost'),
    )
    await channel.close()
  })

  test('SIGTERM and SIGHUP wait for the change that runs, begin no other, and clean up', async () => {
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
      const directory = home()
      const stateDir = join(directory, 'state')
      const channel = await openChannel(local(shell), { readOnly: false, stateDir })
      const { pid } = await channel.target
      const seen: string[] = []
      const items = [
        change(1, sh`echo "$ROTA_TMP" >${join(directory, 'tmp')}; sleep 0.5; : >${join(directory, 'first')}`),
        change(2, sh`: >${join(directory, 'second')}`),
      ]
      await channel
        .apply({ run: 'r', items }, event => {
          seen.push(`${event.kind} ${event.id}`)
          if (event.kind === 'started') setTimeout(() => process.kill(pid, signal), 100)
        })
        .catch(() => {})
      await channel.close()
      assert.ok(existsSync(join(directory, 'first')))
      assert.not.ok(existsSync(join(directory, 'second')))
      assert.equal(seen.slice(0, 3), ['started 1', 'done 1', 'notRun 2'])
      assert.not.ok(existsSync(readFileSync(join(directory, 'tmp'), 'utf8').trim()))
    }
  })

  test('a signal ends what was asked for in one go after the command that runs', async () => {
    const directory = home()
    await withChannel(shell, { stateDir: join(directory, 'state') }, async channel => {
      const { pid } = await channel.target
      const first = channel.run({ script: sh`: >${join(directory, 'begun')}; sleep 0.5; echo done` })
      const second = channel.run({ script: sh`: >${join(directory, 'second')}` }).catch(error => error)
      while (!existsSync(join(directory, 'begun'))) await sleep(10)
      process.kill(pid, 'SIGTERM')
      assert.is((await first).stdout, 'done\n')
      assert.ok(isFailure(await second, 'unreachable'))
    })
    assert.not.ok(existsSync(join(directory, 'second')))
  })

  test('abort lets the change that runs finish and begins no other', async () => {
    const directory = home()
    const abort = new AbortController()
    const seen: string[] = []
    const stateDir = join(directory, 'state')
    await withChannel(shell, { stateDir, signal: abort.signal }, async channel => {
      const items = [
        change(1, sh`sleep 1; : >${join(directory, 'first')}`),
        change(2, sh`: >${join(directory, 'second')}`),
      ]
      const result = await channel.apply({ run: 'r', items }, event => {
        seen.push(`${event.kind} ${event.id}`)
        if (event.kind === 'started') abort.abort(new Error('interrupted'))
      })
      assert.equal(result, {})
      assert.equal(seen, ['started 1', 'done 1', 'notRun 2'])
      assert.ok(existsSync(join(directory, 'first')))
      // What puts a host back into service still runs.
      assert.is((await channel.run({ script: raw('echo ok') })).stdout, 'ok\n')
      const last = { run: 'r', items: [change(3, sh`: >${join(directory, 'third')}`)] }
      assert.equal(await channel.apply({ ...last, finishing: true }, () => {}), {})
      assert.ok(existsSync(join(directory, 'third')))
    })
    assert.not.ok(readdirSync(stateDir).some(entry => entry.startsWith('stop')))
  })

  if (isRoot)
    test('a full disk fails the item and keeps the protocol in step', async () => {
      const directory = home()
      const disk = join(directory, 'disk')
      mkdirSync(disk)
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', disk])
      } catch {
        return
      }
      try {
        await withChannel(shell, { stateDir: join(directory, 'state') }, async channel => {
          // What can't be written is in the midst, in the first of several pieces, or behind the last whole block.
          for (const bytes of [3_500_000, 3_276_800, 9_000_000, 8 * 1024 * 1024, 1024 * 1024 + 10]) {
            const items = [
              change(1, sh`cat ${blob(randomBytes(bytes), join(disk, 'file'))}`),
              change(2, sh`cat ${blob(randomBytes(100_000), join(disk, 'file'))}`),
            ]
            const result = await channel.apply({ run: 'r', items }, () => {})
            assert.is(result.failed?.id, 1)
            assert.match(result.failed?.output ?? '', /can't write .*: is the disk full\?/)
            assert.equal(readdirSync(disk), [])
          }
          assert.is((await channel.run({ script: raw('echo still here') })).stdout, 'still here\n')
        })
      } finally {
        execFileSync('umount', [disk])
      }
    })

  if (isRoot)
    test('a bind-mounted file is written in place', async () => {
      const directory = home()
      const path = join(directory, 'hosts')
      writeFileSync(path, 'inner')
      writeFileSync(join(directory, 'outer'), 'a longer text than the new one')
      try {
        execFileSync('mount', ['--bind', join(directory, 'outer'), path])
      } catch {
        return
      }
      try {
        await withChannel(shell, { stateDir: join(directory, 'state') }, async channel => {
          const items = [change(1, sh`rota_install ${blob('new', path)} ${path} 0604 ${'0'} ${'0'}`)]
          assert.equal(await channel.apply({ run: 'r', items }, () => {}), {})
        })
        assert.is(readFileSync(path, 'utf8'), 'new')
        assert.is(statSync(path).mode & 0o777, 0o604)
        assert.equal(leftovers(directory), [])
      } finally {
        execFileSync('umount', [path])
      }
    })

  test.run()
}
