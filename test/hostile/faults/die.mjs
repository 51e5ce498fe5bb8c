// @ts-check
// Loaded before a control machine's program: counts what it does that somebody else could notice, and at the wanted one
// lets it die, fills its disk, or sets its clock back. Nothing of the program itself is changed.
import child from 'node:child_process'
import fs from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const { ROTA_FAULTS_POINT: point, ROTA_FAULTS_FAULT: fault, ROTA_FAULTS_SAID: said } = process.env
const filler = process.env.ROTA_FAULTS_FILLER ?? ''
const { appendFileSync } = fs
/** How often each thing has been done. */
const times = new Map()

/** @type {Record<string, () => void>} */
const faults = {
  die: () => process.kill(process.pid, 'SIGKILL'),
  full: () => {
    for (let size = 65536; size > 0; size = Math.floor(size / 2))
      try {
        for (;;) appendFileSync(filler, Buffer.alloc(size))
      } catch {
        // Less may fit still.
      }
  },
  clock: () => {
    const real = Date
    const now = () => real.now() - 10 * 365 * 24 * 3600 * 1000
    globalThis.Date = new Proxy(real, {
      construct: (_, args) => Reflect.construct(real, args.length === 0 ? [now()] : args),
      get: (_, name) => (name === 'now' ? now : Reflect.get(real, name)),
    })
  },
}

/** @param {string} what */
const moment = what => {
  times.set(what, (times.get(what) ?? 0) + 1)
  // How much arrives at once is chance: each is known by what it is, and the how manieth of these.
  const name = `${what} #${times.get(what)}`
  if (said) appendFileSync(said, `${name}\n`)
  if (name === point) faults[fault ?? '']?.()
}

/**
 * @param {any} module
 * @param {string} name
 * @param {(...args: any[]) => string | undefined} what
 */
const counted = (module, name, what) => {
  const original = module[name]
  module[name] = (/** @type {any[]} */ ...args) => {
    const done = what(...args)
    if (done !== undefined) moment(done)
    return original.apply(module, args)
  }
}

/** What is on the control machine's small disk. */
const ofOurs = (/** @type {unknown} */ path) =>
  /\/media\//.test(String(path)) ? String(path).replace(/.*\/|rota-.*|\d{8}T.*/g, '') : undefined
const files = new Set()
counted(fs, 'mkdirSync', path => ofOurs(path) && `mkdir ${ofOurs(path)}`)
counted(fs, 'openSync', (path, flags) => (flags === 'a' && ofOurs(path) !== undefined ? 'open the journal' : undefined))
counted(fs, 'writeSync', (file, text) =>
  files.has(file) ? `journal ${/"kind":"(\w+)"/.exec(String(text))?.[1] ?? 'the rest of a line'}` : undefined,
)
for (const name of ['mkdir', 'writeFile', 'rename', 'rm'])
  counted(promises, name, path => ofOurs(path) && `${name} ${ofOurs(path)}`)
const { openSync } = fs
fs.openSync = (...args) => {
  const file = openSync(...args)
  if (args[1] === 'a' && ofOurs(args[0]) !== undefined) files.add(file)
  return file
}

const { spawn } = child
child.spawn = /** @type {typeof spawn} */ (
  (/** @type {[any, any, any]} */ ...args) => {
    if (!String(args[0]).endsWith('channel.sh')) return spawn(...args)
    moment('start the connection')
    const started = spawn(...args)
    const { stdin, stdout } = started
    const [write, end, emit] = [stdin?.write, stdin?.end, stdout?.emit]
    if (stdin && write && end) {
      stdin.write = (/** @type {any[]} */ ...rest) => {
        moment('send')
        return write.apply(stdin, /** @type {any} */ (rest))
      }
      stdin.end = (/** @type {any[]} */ ...rest) => {
        moment('end what is sent')
        return end.apply(stdin, /** @type {any} */ (rest))
      }
    }
    if (stdout && emit)
      stdout.emit = (/** @type {any[]} */ ...rest) => {
        if (rest[0] === 'data') moment('receive')
        return emit.apply(stdout, /** @type {any} */ (rest))
      }
    return started
  }
)
syncBuiltinESMExports()
