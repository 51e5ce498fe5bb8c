import { existsSync, realpathSync } from 'node:fs'
import { dirname, relative } from 'node:path'
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
import type { Play } from '../playbook/play.ts'
import { readyPlays } from '../playbook/ready.ts'
import { runPlays } from '../playbook/run.ts'
import { inventoryView } from '../playbook/views.ts'
import { reporter } from '../report/index.ts'
import { openChannel } from '../transport/channel.ts'
import type { Connection } from '../transport/types.ts'
import { askSecret } from './ask.ts'
import { checkExtraVars, checkTags } from './check-names.ts'
import { type Flags, parseFlags, UsageError } from './flags.ts'
import { interruptible } from './interrupt.ts'
import { listing } from './listing.ts'
import { printProblems } from './problems.ts'

/** A playbook's command line from the first word to the exit code. */
export async function runFromCommandLine(
  name: string,
  plays: readonly Play[],
  argv: readonly string[],
): Promise<number> {
  try {
    const { file, args } = scriptAndArgs(plays, argv)
    const flags = parseFlags(name, relative(process.cwd(), file), args)
    return await run(name, plays, flags, dirname(file))
  } catch (error) {
    if (error instanceof UsageError) return error.exitCode
    if (!(error instanceof InventoryError)) throw error
    printProblems(error.problems)
    return 1
  }
}

async function run(name: string, plays: readonly Play[], flags: Flags, playbookDir: string): Promise<number> {
  const sources = inventorySources(flags)
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
  const listsOnly = flags.listHosts || flags.listTasks || flags.listTags
  const check = flags.check || listsOnly
  const ready = await readyPlays(plays, inventory, view, {
    tags,
    check,
    ...(limit === undefined ? {} : { limit }),
    ...(flags.serial === undefined ? {} : { serial: flags.serial }),
  })
  const problems = [
    ...ready.problems,
    ...checkTags(ready.plays, view, tags),
    ...checkExtraVars(plays, inventory, flags.extraVars),
  ]
  const { connections, problems: unreachable } = connectionsOf(inventory, flags)
  if (problems.length + unreachable.length > 0) throw new InventoryError([...problems, ...unreachable])
  if (listsOnly) {
    process.stdout.write(listing(ready.plays, view, tags, flags))
    return 0
  }
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
    return await runPlays(ready.plays, {
      run: runId,
      playbook: name,
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
function scriptAndArgs(
  plays: readonly Play[],
  argv: readonly string[],
): { readonly file: string; readonly args: readonly string[] } {
  const own = plays[0]?.site.file
  const index = argv.findIndex((word, position) => position > 0 && own !== undefined && samePath(word, own))
  const at = index === -1 ? 1 : index
  return { file: argv[at] ?? own ?? 'playbook', args: argv.slice(at + 1) }
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
