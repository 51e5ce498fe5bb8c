#!/usr/bin/env zx
// @ts-check
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { chalk } from 'zx'
import { scriptArgs } from './lab/args.mjs'
import { LabError, labDown, labUp } from './lab/index.mjs'
import { changesIn, compare } from './takeover/changes.mjs'
import { carryOut, comesAndGoes, operations, renderRows } from './takeover/index.mjs'

const program = new Command('scripts/takeover.mjs')
  .description(
    'Takes over a cluster that looks like kubespray’s, in a lab of its own, while clients ask: what became of them, and what was changed.',
  )
  .option('--name <lab>', 'which lab', 'lab-takeover')
  .option('--layout <layout>', 'kubespray, or one of its releases', 'kubespray')
  .option('--runtime <engine>', 'docker or containerd', 'docker')
  .option('--only <names>', `some of: ${Object.keys(operations).join(', ')}`)
  .option('--keep', 'leave the lab as it is in the end')
  .option('--changes', 'list every change')
  .action(async ({ name, layout, runtime, only, keep, changes }) => {
    const names = only === undefined ? Object.keys(operations) : only.split(',')
    // Some operations go on with the lab that others have left; all of them begin with an untouched cluster.
    if (only === undefined) await labDown({ name })
    await labUp({ name, layout, runtime, masters: 3, nodes: 2, spareMasters: 1, spareNodes: 0 })
    try {
      const rows = []
      const told = changesIn(await readFile(fileURLToPath(new URL('../docs/kubespray.md', import.meta.url)), 'utf8'))
      for (const operation of names) {
        const done = await carryOut(name, operation)
        const failed = done.runs.find(({ asWanted }) => !asWanted)
        console.log(`\n# ${operation}\n${done.runs.map(({ output }) => output).join('\n')}\n${done.table}`)
        for (const line of done.failures.slice(0, 20)) console.log(line)
        if (changes) for (const line of done.changes) console.log(line)
        const { unexpected } = compare(told, operation, done.changes, comesAndGoes[operation])
        for (const line of unexpected) console.log(chalk.red(`not in docs/kubespray.md: ${line}`))
        if (unexpected.length > 0) process.exitCode = 2
        rows.push(done)
        if (failed) {
          console.log(chalk.red(`${failed.playbook} ended with ${failed.exitCode}`))
          process.exitCode = 2
          break
        }
      }
      console.log(renderRows(rows))
      if (rows.some(row => row.failed > 0)) process.exitCode = 2
    } finally {
      if (!keep) await labDown({ name })
    }
  })

try {
  await program.parseAsync(scriptArgs(import.meta.url), { from: 'user' })
} catch (error) {
  if (!(error instanceof LabError)) throw error
  console.error(chalk.red(`takeover: ${error.message}`))
  process.exitCode = 1
}
