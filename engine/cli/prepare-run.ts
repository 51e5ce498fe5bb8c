import { dirname } from 'node:path'
import type { ConnectionFlags } from '../host/index.ts'
import { loadInventory, selectHosts } from '../inventory/index.ts'
import { bindPlays, draftPlays, inventoryView } from '../plan/index.ts'
import type { Playbook } from '../playbook/index.ts'
import type { Redactor } from '../secrets/index.ts'
import { texts } from '../values/index.ts'
import { checkExtraVars, checkTags, serialAsked } from './check-names.ts'
import { readConfig } from './config/config.ts'
import { connectionsOf } from './connections.ts'
import type { Flags } from './flags.ts'
import { optionsFrom } from './options.ts'
import { playbookVars } from './playbook-vars.ts'
import { templateFacts } from './template-facts.ts'
import { vaultSecretsFrom } from './vault-flags.ts'

/**
 * What a command line asks for, with everything that can be wrong found at once: `problems` keep it from being
 * executed, not from being listed. No host is touched, but for the facts that a template of the inventory needs.
 */
export async function prepareRun(playbook: Playbook, flags: Flags, redactor: Redactor, keep: 'all' | 'first') {
  const { settings, warnings, notes } = readConfig()
  const options = await optionsFrom(flags, settings)
  redactor.add(passwordsIn(options.connection))
  const facts = templateFacts()
  const playbookDir = dirname(playbook.file)
  const vaultSecrets = await vaultSecretsFrom(flags, settings)
  redactor.add(vaultSecrets.map(({ password }) => password))
  const inventory = await loadInventory({
    sources: options.sources,
    playbookDir,
    extraVars: flags.extraVars,
    ...playbook.inventory,
    vaultSecrets,
    onSecret: value => redactor.add(texts(value)),
    factsOf: facts.factsOf,
  })
  const { limit } = flags
  if (limit !== undefined) selectHosts(inventory, 'all', limit)
  const tags = { only: flags.tags, skip: flags.skipTags }
  const bind = async () => {
    const view = inventoryView(inventory, undefined, secrets => redactor.add(secrets))
    const vars = playbookVars(playbook, inventory, secrets => redactor.add(secrets))
    const plays = typeof playbook.plays === 'function' ? playbook.plays({ inventory: view, vars }) : playbook.plays
    const chosen = { ...(limit === undefined ? {} : { limit }), needsEveryPlay: playbook.needsEveryPlay === true }
    return { plays, bound: bindPlays(plays, inventory, { tags, redactor, ...chosen }) }
  }
  const connectionsTo = (names: Iterable<string>) =>
    connectionsOf(inventory, options.connection, names, secrets => redactor.add(secrets))
  const complete = <T>(work: () => Promise<T>) => facts.complete(work, () => connectionsTo([]), options.forks)
  const { plays, bound } = await complete(bind)
  const ready = await complete(() => draftPlays(bound, { tags, redactor, keep }))
  // With params that are wrong, tasks can't be made, and so their tags are not known.
  const named = ready.hasTasks ? checkTags(ready.plays, tags) : { problems: [], warnings: [] }
  const own = Object.keys(playbook.vars ?? {})
  const serial = serialAsked(plays, own, inventory, flags.serial)
  const problems = [
    ...ready.problems,
    ...named.problems,
    ...serial.problems,
    ...checkExtraVars(plays, own, inventory, flags.extraVars),
  ]
  const hosts = ready.plays.flatMap(play => [...play.hosts, ...(play.play.keepAvailable ? play.everyone : [])])
  const names = new Set(hosts.map(host => host.name))
  const connections = connectionsTo(names)
  return {
    playbook,
    flags,
    options,
    inventory,
    bound,
    view: bound.view,
    tags,
    ready: { ...ready, notes: [...ready.notes, ...serial.notes.map(text => ({ kind: 'note', text }) as const)] },
    serial: serial.serial,
    problems: [...problems, ...connections.problems],
    names,
    connections,
    warnings: [...warnings, ...inventory.warnings, ...named.warnings],
    notes,
  }
}

const passwordsIn = ({ password, becomePassword }: ConnectionFlags): readonly string[] =>
  [password, becomePassword].flatMap(given => given?.() ?? [])

export type PreparedRun = Awaited<ReturnType<typeof prepareRun>>
