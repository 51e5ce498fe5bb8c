#!/usr/bin/env zx
// @ts-check
import { spawn } from 'node:child_process'
import { Command, InvalidArgumentError } from 'commander'
import { chalk } from 'zx'
import { scriptArgs } from './lab/args.mjs'
import { ensureKube, LabError, labDown, labInfo, labSsh, labStatus, labUp, stopEngine } from './lab/index.mjs'
import { releaseNames } from './lab/kubespray/releases.mjs'
import { defaultSizes, readRuntimes } from './lab/plan.mjs'

/** @param {string} text */
const count = text => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a number is expected.')
  return Number(text)
}

const program = new Command('scripts/lab.mjs')
  .description('Real hosts on this machine: containers with systemd and sshd, a network of their own, an inventory.')
  .enablePositionalOptions()
  .configureOutput({ outputError: (text, write) => write(chalk.red(text)) })

/** @param {string} name @param {string} summary */
const command = (name, summary) => program.command(name).description(summary).option('--name <lab>', 'which lab', 'lab')

command('up', 'bring the lab up; what is there already is kept')
  .option('--masters <n>', 'hosts in kube_control_plane and etcd', count, defaultSizes.masters)
  .option('--nodes <n>', 'hosts in kube_node', count, defaultSizes.nodes)
  .option('--spare-masters <n>', 'hosts to become masters later', count, defaultSizes.spareMasters)
  .option('--spare-nodes <n>', 'hosts to become nodes later', count, defaultSizes.spareNodes)
  .option('--layout <layout>', `make a cluster there as kubespray leaves one: kubespray[-${releaseNames.join('|')}]`)
  .option('--runtime <engine...>', 'what runs its containers: docker or containerd, node-3=containerd on one host', [])
  .option('--no-kube', 'do not fetch or build the Kubernetes binaries')
  .action(async ({ runtime, ...options }) => {
    const lab = await labUp({ ...options, ...readRuntimes(runtime) })
    console.log(`lab ${lab.name}: ${lab.hosts.length} hosts in ${lab.subnet}, VIP ${lab.vip}`)
    console.log(`inventory: ${lab.files.inventory}`)
  })

command('down', "remove the lab's hosts, network, inventory and keys")
  .option('--engine', 'also stop the Docker engine, if it was the lab that started it')
  .action(async ({ name, engine }) => {
    const removed = await labDown({ name })
    console.log(`lab ${name}: ${removed.length} hosts removed`)
    if (engine && !(await stopEngine())) console.log('the Docker engine is not one the lab started: left as it is')
  })

command('status', 'show the hosts').action(async ({ name }) => {
  const lab = await labStatus(name)
  console.log(`lab ${lab.name}: ${lab.subnet}, VIP ${lab.vip}, image ${lab.image}`)
  for (const { name: host, ip, group, state, systemd } of lab.hosts) {
    console.log([host.padEnd(12), ip.padEnd(15), group.padEnd(13), state.padEnd(8), systemd].join('  '))
  }
  if (lab.hosts.some(({ state }) => state !== 'running')) process.exitCode = 2
})

command('ssh', 'log in on a host, or run a command there')
  .argument('<host>')
  .argument('[command...]')
  .option('-l, --login <user>', 'root, deploy or operator', 'root')
  .passThroughOptions()
  .action(async (host, words, { name, login }) => {
    const [ssh, ...args] = labSsh(await labInfo(name), host, login)
    const child = spawn(ssh ?? 'ssh', [...args, ...words], { stdio: 'inherit' })
    process.exitCode = await new Promise(resolve => child.on('close', code => resolve(code ?? 255)))
  })

program
  .command('kube')
  .description('only fetch or build the Kubernetes binaries (LAB_KUBE_VERSIONS, LAB_KUBE_BIN)')
  .action(async () => console.log(await ensureKube()))

try {
  await program.parseAsync(scriptArgs(import.meta.url), { from: 'user' })
} catch (error) {
  if (!(error instanceof LabError)) throw error
  console.error(chalk.red(`lab: ${error.message}`))
  process.exitCode = 1
}
