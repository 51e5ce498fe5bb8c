import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import type { RunEvent } from '../../../engine/journal/events.ts'

/** What a run came to, as its events (`--json`) and stderr tell it. */
export interface Ran {
  /** -1 where it was killed. */
  readonly exitCode: number
  /** Its name; empty where it was refused. */
  readonly run: string
  readonly events: readonly RunEvent[]
  readonly said: string
}

/**
 * The event with which a run's process is killed, or gets another signal; and a file: as long as it is there what is
 * under way goes on.
 */
export type DieOn = ((event: RunEvent) => boolean) & { readonly holds?: string; readonly signal?: NodeJS.Signals }

const nobody = 65534
const isRoot = process.getuid?.() === 0

/**
 * Hosts that are folders of this machine, each with a lock and a state of its own, and runs on them as processes of an
 * unprivileged user. All of it is in one folder, which is gone when the tests of the file are over.
 */
export function localHosts(label: string, names: readonly string[] = ['a', 'b', 'c']) {
  const dir = mkdtempSync(join(tmpdir(), `rota-${label}-`))
  // Rota is compiled there once.
  const cache = mkdtempSync(join(tmpdir(), `rota-${label}-cache-`))
  if (isRoot) lchownSync(cache, nobody, nobody)
  test.after(() => {
    for (const each of [dir, cache]) rmSync(each, { recursive: true, force: true })
  })
  const at = (...parts: readonly string[]) => join(dir, ...parts)
  const host = (name: string) =>
    `${name} ansible_connection=local ansible_shell_executable="env XDG_STATE_HOME=${at(name)} sh"\n`
  const inventory = `[all]\n${names.map(host).join('')}`

  /** What the test itself writes is that user's. */
  function handOver(): void {
    if (isRoot)
      for (const name of ['', ...readdirSync(dir, { recursive: true, encoding: 'utf8' })])
        if (!name.startsWith('node_modules')) lchownSync(at(name), nobody, nobody)
    chmodSync(dir, 0o755)
  }

  /** Waits until nobody works on a host any more. */
  const unlocked = (name: string) =>
    execa('flock', ['-w', '20', at(name, 'rota', 'lock'), 'true'], { cwd: dir, reject: false })

  const env = {
    HOME: dir,
    XDG_STATE_HOME: at('state'),
    XDG_CACHE_HOME: cache,
    FORCE_COLOR: undefined,
    NO_COLOR: '1',
  }
  /** What runs a script, given with its words, as that user. */
  const command = (words: readonly string[]): readonly [string, ...string[]] => {
    const as = isRoot ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : []
    const [first = process.execPath, ...rest] = [...as, process.execPath, ...words]
    return [first, ...rest]
  }

  return {
    dir,
    cache,
    names,
    at,
    inventory,
    command,
    env,
    /** All as it was before any run: these files, the inventory, and the hosts' folders, into which `each` writes. */
    anew: (files: Readonly<Record<string, string>>, each: (name: string) => void = () => {}): void => {
      for (const name of readdirSync(dir)) rmSync(at(name), { recursive: true })
      mkdirSync(at('node_modules'))
      symlinkSync(resolve('.'), at('node_modules', 'rota'))
      for (const [file, content] of Object.entries({ 'hosts.ini': inventory, ...files }))
        writeFileSync(at(file), content)
      for (const name of names) {
        mkdirSync(at(name))
        each(name)
      }
      handOver()
    },
    /** A file that comes to be between two runs, and its folders. */
    write: (file: string, content: string): void => {
      mkdirSync(dirname(at(file)), { recursive: true })
      writeFileSync(at(file), content)
      handOver()
    },
    /** Runs a script with its words. */
    said: (...words: readonly string[]) => {
      const [file, ...rest] = command(words)
      return execa(file, rest, { cwd: dir, reject: false, stdin: 'ignore', env })
    },
    /** The same of one that prints events (`--json`). Of one that is killed it is waited until nothing goes on. */
    ran: async (words: readonly string[], dieOn?: DieOn): Promise<Ran> => {
      if (dieOn?.holds) writeFileSync(at(dieOn.holds), '')
      const [file, ...rest] = command(words)
      const child = execa(file, rest, { cwd: dir, reject: false, stdin: 'ignore', env })
      const events: RunEvent[] = []
      for await (const text of child.iterable()) {
        const event = JSON.parse(String(text)) as RunEvent
        events.push(event)
        if (dieOn?.(event)) child.kill(dieOn.signal ?? 'SIGKILL')
      }
      const { exitCode = -1, stderr } = await child
      // What was under way there goes on to its end.
      if (dieOn?.holds) rmSync(at(dieOn.holds))
      if (dieOn) await Promise.all(names.map(unlocked))
      const run = events.flatMap(event => (event.kind === 'runStarted' ? [event.run] : []))[0] ?? ''
      return { exitCode, run, events, said: stderr }
    },
    /** What is pending on the hosts. */
    owed: (): readonly string[] =>
      names.flatMap(name => {
        const pending = at(name, 'rota', 'pending')
        return existsSync(pending) ? readdirSync(pending).map(what => `${name} ${what}`) : []
      }),
  }
}
