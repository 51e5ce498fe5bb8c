#!/usr/bin/env node
// @ts-check
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { load } from './load/index.mjs'

const [command, playbook = '', ...flags] = process.argv.slice(2)

// Here, and not among the other commands: a playbook is not compiled with the engine, and guards its own output.
if (command === 'run' && existsSync(playbook)) {
  process.argv.splice(1, process.argv.length, resolve(playbook), ...flags)
  await load('engine')
  // A playbook is a zx script: `$` and its like are there.
  await import('zx/globals')
  await import(pathToFileURL(resolve(playbook)).href)
} else {
  const { rota } = await load('rota')
  process.exitCode = await rota(process.argv.slice(2))
}
