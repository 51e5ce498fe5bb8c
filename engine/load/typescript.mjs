// @ts-check
import { register } from 'node:module'
import { MessageChannel } from 'node:worker_threads'

let done = false

/**
 * Lets a playbook import TypeScript. Node strips types by itself from 22.18 on. Before that tsx does it, from the first
 * such file on: the thread for it takes 30 ms of every run, tsx 0.14 s more of those that need it (`npx zx
 * scripts/bench.mjs start`).
 */
export function readTypeScript() {
  // @ts-expect-error Node 22 has it; @types/node is of Node 20, the oldest that is supported
  if (done || process.features.typescript) return
  done = true
  const { port2: port } = new MessageChannel()
  register('./typescript-hooks.mjs', { parentURL: import.meta.url, data: { port }, transferList: [port] })
}
