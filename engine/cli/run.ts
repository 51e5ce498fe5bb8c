import { existsSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  type Inventory,
  InventoryError,
  legacyGroups,
  loadInventory,
  type Problem,
  selectHosts,
} from '../inventory/index.ts'
import { newRunId, openJournal } from '../journal/journal.ts'
import { redactor } from '../journal/redact.ts'
import { connectionOf, connectionSecrets } from '../playbook/connection.ts'
import type { Playbook } from '../playbook/playbook.ts'
import { prepareRoles, readyPlays } from '../playbook/ready.ts'
import { runPlays } from '../playbook/run.ts'
import { inventoryView } from '../playbook/views.ts'
import { reporter } from '../report/index.ts'
import { openChannel } from '../transport/channel.ts'
import type { Connection } from '../transport/types.ts'
import { askSecret } from './ask.ts'
import { checkExtraVars, checkTags } from './check-names.ts'
import { confirm } from './confirm.ts'
import { type Flags, parseFlags, UsageError } from './flags.ts'
import { interruptible } from './interrupt.ts'
import { listing } from './listing.ts'
import { playbookVars } from './playbook-vars.ts'
import { printProblems } from './problems.ts'

/** A playbook's command line from the first word to the exit code. */
export async function runFromCommandLine(playbook: Playbook, argv: readonly string[]): Promise<number> {
  try {
    const flags = parseFlags(playbook, argsAfter(playbook.file, argv))
    return await run(playbook, flags)
  } catch (error) {
    if (error instanceof UsageError) return error.exitCode
    if (!(error instanceof InventoryError)) throw error
    printProblems(error.problems)
    return 1
  }
}

async function run(playbook: Playbook, flags: Flags): Promise<number> {
  const sources = inventorySources(flags)
  const playbookDir = dirname(playbook.file)
  const inventory = await loadInventory({
    sources,
    playbookDir,
    extraVars: flags.extraVars,
    groupAliases: legacyGroups,
  })
  const { limit } = flags
  if (limit !== undefined) selectHosts(inventory, 'all', limit)
  const tags = { only: flags.tags, skip: flags.skipTags }
  const view = inventoryView(inventory)
  const plays =
    typeof playbook.plays === 'function'
      ? playbook.plays({ inventory: view, vars: playbookVars(playbook, inventory) })
      : playbook.plays
  const listsOnly = flags.listHosts || flags.listTasks || flags.listTags
  const ready = await readyPlays(plays, inventory, view, {
    tags,
    ...(limit === undefined ? {} : { limit }),
    ...(flags.serial === undefined ? {} : { serial: flags.serial }),
  })
  const problems = [
    ...ready.problems,
    // With params that are wrong, tasks can't be made, and so their tags are not known.
    ...(ready.problems.length === 0 ? checkTags(ready.plays, view, tags) : []),
    ...checkExtraVars(plays, Object.keys(playbook.vars ?? {}), inventory, flags.extraVars),
  ]
  const { connections, problems: unreachable } = connectionsOf(inventory, flags)
  if (problems.length + unreachable.length > 0) throw new InventoryError([...problems, ...unreachable])
  if (listsOnly) {
    process.stdout.write(listing(ready.plays, view, tags, flags))
    return 0
  }
  const prepared = await prepareRoles(ready.plays, view, { check: flags.check })
  const hidden = redactor()
  hidden.add([...ready.secrets, ...[...inventory.hosts.values()].flatMap(connectionSecrets)])
  const runId = newRunId()
  const report = reporter({
    json: flags.json,
    verbose: flags.verbose,
    check: flags.check,
    live: process.stdout.isTTY === true,
  })
  const journal = openJournal(runId)
  const { signal, done } = interruptible(text => report.event({ kind: 'note', text }))
  try {
    for (const text of inventory.warnings) report.event({ kind: 'warning', text })
    for (const note of ready.notes) report.event(note)
    return await runPlays(prepared, {
      run: runId,
      playbook: playbook.name,
      inventory,
      view,
      connections,
      open: openChannel,
      check: flags.check,
      diff: flags.diff,
      forks: flags.forks,
      tags,
      ...(flags.serial === undefined ? {} : { serial: flags.serial }),
      redactor: hidden,
      signal,
      ask: question => confirm(question, signal),
      emit: event => {
        journal.write(event)
        report.event(event)
      },
    })
  } finally {
    done()
    report.close(journal.path)
    journal.close()
  }
}

/** `zx upgrade.mjs --check` and `node upgrade.mjs --check`: what stands after the playbook's own file is ours. */
function argsAfter(file: string, argv: readonly string[]): readonly string[] {
  const index = argv.findIndex((word, position) => position > 0 && samePath(word, file))
  return argv.slice(index === -1 ? 2 : index + 1)
}

function samePath(a: string, b: string): boolean {
  return existsSync(a) && existsSync(b) && realpathSync(a) === realpathSync(b)
}

/** Without `-i`: ANSIBLE_INVENTORY, then the lab's inventory where the lab is up. */
function inventorySources(flags: Flags): readonly string[] {
  if (flags.inventory.length > 0) return flags.inventory
  const lab = 'inventory/lab/hosts.ini'
  if (existsSync(lab)) return [lab]
  throw new InventoryError([
    {
      message: 'no inventory was given and no lab is up',
      hint: 'name one with -i inventory/prod/hosts.ini, or start the lab: npx zx scripts/lab.mjs up',
    },
  ])
}

function connectionsOf(
  inventory: Inventory,
  flags: Flags,
): { readonly connections: ReadonlyMap<string, Connection>; readonly problems: readonly Problem[] } {
  const becomePassword = flags.askBecomePass ? askSecret('BECOME password: ') : undefined
  const connections = new Map<string, Connection>()
  const problems: Problem[] = []
  for (const host of inventory.hosts.values()) {
    const found = connectionOf(inventory, host, { ...flags, ...(becomePassword ? { becomePassword } : {}) })
    problems.push(...found.problems)
    if (found.connection) connections.set(host.name, found.connection)
  }
  return { connections, problems }
}
