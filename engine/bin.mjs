#!/usr/bin/env node
// @ts-check
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { load } from './load/index.mjs'

/** The one of ours that reads the most of an inventory. */
const usual = new URL('../playbooks/upgrade.mjs', import.meta.url)

const [command, ...words] = process.argv.slice(2)
const takenBack = command === 'rollback' ? await (await load('rota')).playbookToTakeBack(words) : undefined
const [playbook = '', ...given] = takenBack ?? words
const flags = command === 'params' ? asListing(given) : given

// Here, and not among the other commands: a playbook is not compiled with the engine, and guards its own output.
if (takenBack?.length === 0) process.exitCode = 1
else if ((command === 'run' || command === 'params' || takenBack) && flags !== undefined && existsSync(playbook)) {
  process.argv.splice(1, process.argv.length, resolve(playbook), ...flags)
  await begin(playbook)
} else {
  const { rota } = await load('rota')
  // Commands of the roles; the engine knows none of them.
  const isTheirs = command === 'kube' || command === undefined || command === 'help' || command.startsWith('-')
  const more = isTheirs ? [(await load('kube')).kubeCommand()] : []
  process.exitCode = await rota(process.argv.slice(2), more, {
    begin,
    file: fileURLToPath(usual),
    name: "Rota's upgrade.mjs",
  })
}

/**
 * A playbook is a zx script: `$` and its like are there.
 * @param {string} file
 */
async function begin(file) {
  await load('engine')
  await import('zx/globals')
  await import(pathToFileURL(resolve(file)).href)
}

/**
 * The flags of the playbook that `rota params PLAYBOOK --host NAME` stands for; undefined where no host is named.
 * @param {readonly string[]} words
 */
function asListing(words) {
  const at = words.findIndex(word => word === '--host' || word.startsWith('--host='))
  if (at === -1) return undefined
  const [flag = '', next = ''] = words.slice(at)
  const inOne = flag.startsWith('--host=')
  const host = inOne ? flag.slice('--host='.length) : next
  return [...words.slice(0, at), '--list-params', host, ...words.slice(at + (inOne ? 1 : 2))]
}
