import { existsSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { InventoryError, legacyGroups, loadInventory, selectHosts } from '../inventory/index.ts'
import type { Emit } from '../journal/events.ts'
import { newRunId, openJournal } from '../journal/journal.ts'
import { redacted, redactor } from '../journal/redact.ts'
import { connectionNotes, isUnchecked, uncheckedWarning } from '../playbook/connection.ts'
import type { Playbook } from '../playbook/playbook.ts'
import { prepareRoles, readyPlays } from '../playbook/ready.ts'
import { runPlays } from '../playbook/run.ts'
import { inventoryView } from '../playbook/views.ts'
import { reporter } from '../report/index.ts'
import { texts } from '../role/params.ts'
import { openChannel } from '../transport/channel.ts'
import { checkExtraVars, checkSerialFlag, checkTags } from './check-names.ts'
import { readConfig } from './config/config.ts'
import { confirm } from './confirm.ts'
import { connectionsOf } from './connections.ts'
import { type Flags, parseFlags } from './flags.ts'
import { interruptible } from './interrupt.ts'
import { listing } from './listing.ts'
import { optionsFrom } from './options.ts'
import { playbookVars } from './playbook-vars.ts'
import { printProblems } from './problems.ts'
import { templateFacts } from './template-facts.ts'
import { UsageError } from './usage.ts'
import { vaultSecretsFrom } from './vault-flags.ts'

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
  const { settings, warnings, notes } = readConfig()
  const options = await optionsFrom(flags, settings)
  const hidden = redactor()
  const facts = templateFacts()
  const playbookDir = dirname(playbook.file)
  const inventory = await loadInventory({
    sources: options.sources,
    playbookDir,
    extraVars: flags.extraVars,
    groupAliases: legacyGroups,
    vaultSecrets: await vaultSecretsFrom(flags, settings),
    onSecret: value => hidden.add(texts(value)),
    factsOf: facts.factsOf,
  })
  const { limit } = flags
  if (limit !== undefined) selectHosts(inventory, 'all', limit)
  const tags = { only: flags.tags, skip: flags.skipTags }
  const view = inventoryView(inventory, value => hidden.add(texts(value)))
  const listsOnly = flags.listHosts || flags.listTasks || flags.listTags
  const readied = async () => {
    const plays =
      typeof playbook.plays === 'function'
        ? playbook.plays({ inventory: view, vars: playbookVars(playbook, inventory, secrets => hidden.add(secrets)) })
        : playbook.plays
    const ready = await readyPlays(plays, inventory, view, {
      tags,
      ...(limit === undefined ? {} : { limit }),
    })
    return { plays, ready }
  }
  const connectionsTo = (names: Iterable<string>) =>
    connectionsOf(inventory, options.connection, names, secrets => hidden.add(secrets))
  const { plays, ready } = await facts.complete(readied, () => connectionsTo([]), options.forks)
  const problems = [
    ...ready.problems,
    // With params that are wrong, tasks can't be made, and so their tags are not known.
    ...(ready.problems.length === 0 ? checkTags(ready.plays, view, tags) : []),
    ...checkSerialFlag(plays, flags.serial),
    ...checkExtraVars(plays, Object.keys(playbook.vars ?? {}), inventory, flags.extraVars),
  ]
  const hosts = ready.plays.flatMap(play => [...play.hosts, ...(play.play.keepAvailable ? play.everyone : [])])
  const names = new Set(hosts.map(host => host.name))
  const connections = connectionsTo(names)
  if (problems.length + connections.problems.length > 0)
    throw new InventoryError([...problems, ...connections.problems])
  hidden.add(ready.secrets)
  if (listsOnly) {
    process.stdout.write(hidden.text(listing(ready.plays, view, tags, flags)))
    return 0
  }
  const prepared = await prepareRoles(ready.plays, view, { check: flags.check })
  const runId = newRunId()
  const report = reporter({
    json: flags.json,
    verbose: flags.verbose,
    check: flags.check,
    live: process.stdout.isTTY === true,
  })
  const journal = openJournal(runId)
  const emit: Emit = event => {
    const shown = redacted(event, hidden)
    journal.write(shown)
    report.event(shown)
  }
  const { signal, done } = interruptible(text => emit({ kind: 'note', text }))
  try {
    const unchecked = [...names].filter(name => isUnchecked(connections.get(name)))
    for (const text of [...warnings, ...inventory.warnings, ...uncheckedWarning(unchecked)])
      emit({ kind: 'warning', text })
    if (flags.verbose > 0) {
      const said = connectionNotes([...names].flatMap(name => inventory.hosts.get(name) ?? []))
      for (const text of [...notes, ...said]) emit({ kind: 'note', text })
    }
    for (const note of ready.notes) emit(note)
    return await runPlays(prepared, {
      run: runId,
      playbook: playbook.name,
      inventory,
      view,
      connections,
      open: openChannel,
      check: flags.check,
      diff: flags.diff,
      forks: options.forks,
      tags,
      ...(flags.serial === undefined ? {} : { serial: flags.serial }),
      signal,
      ask: question => confirm(question, signal),
      emit,
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
