#!/usr/bin/env zx
// @ts-check
// Whole stories on real hosts. `npm run demo`: a cluster of three masters is upgraded with clients running, gets a
// fourth master, and loses the first. `npm run demo -- night`: a cluster as kubespray leaves one, masters and workers,
// is upgraded by one command. Exit code 2 when a request failed or anything is not as it shall be.
import { argv, chalk } from 'zx'
import { masters } from './demo/masters.mjs'
import { night } from './demo/night.mjs'
import { LabError, labDown } from './lab/index.mjs'

const stories = { masters, night }
const wanted = String(argv._[0] ?? 'masters')
const [, story] = Object.entries(stories).find(([known]) => known === wanted) ?? []
if (story === undefined) {
  console.error(chalk.red(`there is no story ${wanted}; there are ${Object.keys(stories).join(', ')}`))
  process.exit(1)
}
const name = String(argv.lab ?? (wanted === 'masters' ? 'lab-demo' : `lab-${wanted}`))

try {
  await story(name)
} catch (error) {
  if (!(error instanceof LabError) && !(error instanceof Error && 'exitCode' in error)) throw error
  console.error(
    chalk.red(
      error instanceof LabError
        ? error.message
        : `a playbook ended with exit code ${/** @type {{exitCode?: number}} */ (error).exitCode}: see above`,
    ),
  )
  process.exitCode = 2
} finally {
  if (argv.keep) console.log(`the lab stays up: npx zx scripts/lab.mjs status --name ${name}`)
  else await labDown({ name })
}
