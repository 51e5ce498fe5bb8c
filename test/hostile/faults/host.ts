import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

/**
 * A host for whose sake nothing else on the machine is touched: a mount namespace with a small disk of its own, for
 * `/srv`, `/tmp` and `/var/lib`; and the small disk on which a control machine has its journals.
 */
export interface Host {
  /** Process that holds the namespace. */
  readonly pid: number
  /** A path of the host as it is seen from here. */
  readonly at: (path: string) => string
  /** Runs a command in it. */
  readonly run: (...words: readonly string[]) => void
  readonly end: () => void
}

const disks = `set -e
mount -t tmpfs -o size=1m,mode=755 host /srv
mkdir /srv/etc /srv/log /srv/lib /srv/tmp
chmod 1777 /srv/tmp
mount --bind /srv/tmp /tmp
mount --bind /srv/lib /var/lib
mount --bind /srv/etc /srv/etc
mount -t tmpfs -o size=1m,mode=755 control /media
echo ready
exec sleep infinity`

export async function startHost(): Promise<Host> {
  const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', disks], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const end = () => void child.kill('SIGKILL')
  process.once('exit', end)
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => {
      throw new Error('no mount namespace can be made here: this needs root')
    }),
  ])
  const pid = child.pid ?? 0
  child.unref()
  child.stdout.destroy()
  return {
    pid,
    at: path => `/proc/${pid}/root${path}`,
    run: (file, ...args) => void execFileSync('nsenter', ['-t', String(pid), '-m', file ?? '', ...args]),
    end,
  }
}

const nobody = 65534

/** Makes it as it was before anything was rolled out. */
export function asBefore({ at }: Host): void {
  for (const dir of ['/srv/etc', '/srv/log', '/srv/lib', '/srv/tmp', '/media'])
    for (const name of readdirSync(at(dir))) rmSync(at(join(dir, name)), { recursive: true, force: true })
  rmSync(at('/srv/filler'), { force: true })
  const write = (path: string, text: string, mode: number, uid = 0) => {
    writeFileSync(at(path), text)
    chownSync(at(path), uid, uid)
    chmodSync(at(path), mode)
  }
  for (const dir of ['app', 'older', 'stale', 'stale/deep', 'shared']) mkdirSync(at(`/srv/etc/${dir}`), { mode: 0o755 })
  chownSync(at('/srv/etc/shared'), nobody, nobody)
  write('/srv/etc/app/app.conf', 'old = 1\n', 0o640, 1)
  write('/srv/etc/list', 'one\ntwo\n', 0o604)
  write('/srv/etc/stale/a', 'a\n', 0o644)
  write('/srv/etc/stale/deep/b', 'b\n', 0o600)
  write('/srv/etc/shared/motd', 'old\n', 0o644, nobody)
  write('/srv/etc/closed', 'same\n', 0o644)
  symlinkSync('older', at('/srv/etc/current'))
}

/** Every entry below a directory: what it is, whom it belongs to, who may use it, and what it holds. */
export type Tree = ReadonlyMap<string, string>

export function treeOf(dir: string, below = ''): Tree {
  const found = new Map<string, string>()
  for (const name of readdirSync(join(dir, below)).sort()) {
    const path = join(below, name)
    const full = join(dir, path)
    const { mode, uid, gid } = lstatSync(full)
    const kind = mode & 0o170000
    const holds = kind === 0o100000 ? readFileSync(full, 'utf8') : kind === 0o120000 ? readlinkSync(full) : ''
    found.set(path, `${mode.toString(8)} ${uid}:${gid} ${holds}`)
    if (kind === 0o040000) for (const entry of treeOf(dir, path)) found.set(...entry)
  }
  return found
}
