#!/usr/bin/env zx
// @ts-check
// The whole story on real hosts: builds a cluster of three masters, upgrades it with clients running, adds a fourth
// master, removes the first, and shows that no client was refused. Exit code 2 when a request failed or a proxy lists
// anything else than the live masters.
import { $, argv, chalk, fs } from 'zx'
import { everyProxyLists, unchangedRun } from './demo/proof.mjs'
import {
  addMaster,
  addToGroup,
  kubeVersions,
  LabError,
  labDown,
  labUp,
  removeFromGroup,
  removeMaster,
  setVariable,
} from './lab/index.mjs'
import { say } from './lab/say.mjs'
import { labPaths, renderTable, startProbe, verdict } from './probe/index.mjs'

const name = String(argv.lab ?? 'lab-demo')
const inventory = `inventory/${name}/hosts.ini`
const [from = '', to = ''] = kubeVersions()

/** @param {string} text */
const chapter = text => console.log(chalk.bold.cyan(`\n── ${text}`))

/** @param {string} playbook @param {string[]} flags */
async function run(playbook, ...flags) {
  console.log(chalk.dim(`$ npx zx playbooks/${playbook}.mjs -i ${inventory} ${flags.join(' ')}`))
  await $({ stdio: 'inherit' })`node node_modules/zx/build/cli.js playbooks/${playbook}.mjs -i ${inventory} ${flags}`
}

/** @param {(text: string) => string} change */
async function editInventory(change) {
  await fs.writeFile(inventory, change(await fs.readFile(inventory, 'utf8')))
}

async function story() {
  chapter(`a lab of ten hosts: three masters and a spare one, five nodes and a spare one`)
  await labDown({ name })
  const lab = await labUp({ name, masters: 3, nodes: 5, spareMasters: 1, spareNodes: 1 })

  chapter(`a cluster of ${from}`)
  await run('cluster')

  const probe = await startProbe({
    paths: labPaths(lab),
    rate: 10,
    ca: await fs.readFile(`inventory/${name}/pki/ca.crt`, 'utf8'),
  })
  say(
    'clients ask from now on, on each path: /readyz and /version 20 times a second each, half of it on new connections',
  )
  let rows
  try {
    chapter(`upgrade of all masters to ${to}, 20% at a time`)
    await editInventory(text => setVariable(text, 'kube_version', to))
    await run('upgrade', '--serial', '20%')

    chapter('master-4 joins')
    await editInventory(text => addToGroup(addMaster(text, 'master-4'), 'master-4', 'etcd'))
    await run('upgrade', '--serial', '20%')

    chapter('master-1, the first one, leaves')
    await run('remove-master', '-e', 'node=master-1')
    await editInventory(text => removeFromGroup(removeMaster(text, 'master-1'), 'master-1', 'etcd'))

    chapter('the same upgrade once more: nothing is left to do')
    await unchangedRun(inventory)
  } finally {
    rows = await probe.stop()
    chapter('what the clients saw')
    console.log(renderTable(rows))
  }
  const { failures, requests, silent } = verdict(rows)
  const listed = await everyProxyLists(lab, ['master-2', 'master-3', 'master-4'])
  console.log()
  for (const { proxy, servers, right } of listed)
    console.log(`${right ? chalk.green('ok  ') : chalk.red('FAIL')} ${proxy} lists ${servers.join(', ')}`)
  const good = failures === 0 && silent.length === 0 && listed.every(({ right }) => right)
  console.log(
    `\n${good ? chalk.green('done') : chalk.red('FAILED')}: ${requests} requests, ${failures} failed on new connections${silent.length > 0 ? `; never answered: ${silent.join(', ')}` : ''}`,
  )
  if (!good) process.exitCode = 2
}

try {
  await story()
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
