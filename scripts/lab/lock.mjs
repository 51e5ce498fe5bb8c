// @ts-check
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { $ } from 'zx'
import { say } from './say.mjs'

/**
 * Runs `work` while no other process of this machine holds `file`. The lock belongs to a flock process that ends
 * with its stdin, so a killed script never leaves it behind.
 * @template T
 * @param {string} file
 * @param {string} what
 * @param {() => Promise<T>} work
 */
export async function withLock(file, what, work) {
  await mkdir(dirname(file), { recursive: true })
  const holder = $({
    quiet: true,
    nothrow: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  })`flock ${file} sh -c 'echo held; cat >/dev/null'`
  const held = new Promise(resolve => holder.stdout.once('data', resolve))
  const waiting = setTimeout(() => say(`waiting: somebody else is busy with ${what}`), 1000)
  await held
  clearTimeout(waiting)
  try {
    return await work()
  } finally {
    holder.stdin.end()
    await holder
  }
}
