import { dirname } from 'node:path'
import { formatProblem } from '../failure/index.ts'
import type { ConnectionFlags } from '../host/index.ts'
import { loadInventory, selectHosts } from '../inventory/index.ts'
import { bindPlays, draftPlays, inventoryView } from '../plan/index.ts'
import type { Playbook } from '../playbook/index.ts'
import type { Redactor } from '../secrets/index.ts'
import { texts, type WithDefaults, withDefaults, withTold } from '../values/index.ts'
import { checkExtraVars, checkTags, paceAsked, pauseProblems } from './check-names.ts'
import { readConfig } from './config/config.ts'
import { connectionsOf } from './connections.ts'
import type { Flags } from './flags.ts'
import { readsOf } from './made-of.ts'
import { misspelt, type Readers } from './misspelt.ts'
import { optionsFrom } from './options.ts'
import { playbookVars } from './playbook-vars.ts'
import { type TemplateFacts, templateFacts } from './template-facts.ts'
import { confirmProblems, windowEnd, windowProblems } from './time-window.ts'
import { unsetDefaults } from './unset-defaults.ts'
import { vaultSecretsFrom } from './vault-flags.ts'
import { askedOf, versionTold } from './version-told.ts'

/**
 * What a command line asks for, with everything that can be wrong found at once: `problems` keep it from being
 * executed, not from being listed. No host is touched, but for the facts that a template of the inventory needs.
 */
export async function prepareRun(
  playbook: Playbook,
  flags: Flags,
  hides: Redactor,
  keep: 'all' | 'first',
  facts: TemplateFacts = templateFacts(),
) {
  const { settings, warnings, notes } = readConfig()
  const options = await optionsFrom(flags, settings)
  hides.add(passwordsIn(options.connection))
  const reads = readsOf()
  const playbookDir = dirname(playbook.file)
  const vaultSecrets = await vaultSecretsFrom(flags, settings)
  hides.add(vaultSecrets.map(({ password }) => password))
  const { redactor, secrets } = noting(hides)
  const unset = unsetDefaults()
  const loaded = await loadInventory({
    sources: options.sources,
    playbookDir,
    extraVars: flags.extraVars,
    ...playbook.inventory,
    vaultSecrets,
    onSecret: value => redactor.add(texts(value)),
    factsOf: facts.factsOf,
    onRead: reads.add,
  })
  const completed = new Set<string>()
  const rule = playbook.inventory?.defaults
  const environment = rule && process.env[rule.environment]
  const listeners = { onUnset: unset.add, onCompleted: (how: string) => void completed.add(how) }
  const named = withDefaults({ ...loaded, ...listeners }, rule, {
    flag: flags.defaultsDir,
    environment,
    onRead: reads.add,
  })
  const { limit } = flags
  if (limit !== undefined) selectHosts(loaded, 'all', limit)
  const given = { playbook, flags, redactor, keep, options, facts }
  const prepared = await prepareWith(named, given)
  const told = prepared.problems.length > 0 || !tells(flags) ? undefined : await toldBy(named, prepared, given)
  const run = told ? await prepareWith(told, given) : prepared
  const said = [...completed].map(text => ({ kind: 'note', text }) as const)
  const ready = { ...run.ready, notes: [...run.ready.notes, ...said] }
  const slips = run.misspelt.map(formatProblem)
  return {
    ...run,
    ready,
    warnings: [...warnings, ...run.warnings, ...unset.warnings(), ...slips],
    notes,
    reads,
    secrets,
  }
}

/** `secrets`: what it has been told since. How one logs in is none of it: that may be said anew. */
function noting(hides: Redactor): { readonly redactor: Redactor; readonly secrets: () => readonly string[] } {
  const all = new Set<string>()
  return {
    redactor: {
      ...hides,
      add: secrets => {
        const told = [...secrets]
        for (const one of told) all.add(one)
        hides.add(told)
      },
    },
    secrets: () => [...all],
  }
}

/** Where hosts, tasks or tags are listed, no value that hosts tell shows. */
const tells = ({ listHosts, listTasks, listTags, listParams }: Flags): boolean =>
  listParams !== undefined || !(listHosts || listTasks || listTags)

interface Given {
  readonly playbook: Playbook
  readonly flags: Flags
  readonly redactor: Redactor
  readonly keep: 'all' | 'first'
  readonly options: Awaited<ReturnType<typeof optionsFrom>>
  readonly facts: TemplateFacts
}

/** Nothing but hosts can say which version's defaults count, and nothing is wrong that could be known without them. */
async function toldBy(
  named: WithDefaults,
  { connections, complete }: Pick<Prepared, 'connections' | 'complete'>,
  { options }: Given,
): Promise<WithDefaults | undefined> {
  const { inventory, toBeTold } = named
  if (toBeTold === undefined) return undefined
  const asked = await complete(async () => askedOf(inventory, toBeTold))
  const found = await versionTold(toBeTold, asked, connections, options.forks)
  return found && withTold(inventory, toBeTold, found)
}

async function prepareWith(theirs: WithDefaults, { playbook, flags, redactor, keep, options, facts }: Given) {
  const { inventory } = theirs
  const rule = playbook.inventory?.defaults
  const { limit } = flags
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
  const own = [
    ...Object.keys(playbook.vars ?? {}),
    ...(rule ? [rule.variable, ...(rule.version ? [rule.version.variable] : [])] : []),
  ]
  const readers: Readers = { plays, own, rules: playbook.inventory }
  const pace = paceAsked(plays, own, inventory, flags)
  const now = Date.now()
  const end = windowEnd(flags, now)
  const problems = [
    ...ready.problems,
    ...named.problems,
    ...pace.problems,
    ...pauseProblems(plays, flags),
    ...windowProblems(flags, end, now),
    ...confirmProblems(plays, flags, pace.paced),
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
    ready: {
      ...ready,
      notes: [...ready.notes, ...[...theirs.notes, ...pace.notes].map(text => ({ kind: 'note', text }) as const)],
    },
    paced: pace.paced,
    ...(end && { end }),
    problems: [...problems, ...connections.problems],
    names,
    connections,
    complete,
    warnings: [...inventory.warnings, ...theirs.warnings, ...named.warnings],
    misspelt: misspelt(inventory, readers),
    readers,
  }
}

type Prepared = Awaited<ReturnType<typeof prepareWith>>

const passwordsIn = ({ password, becomePassword }: ConnectionFlags): readonly string[] =>
  [password, becomePassword].flatMap(given => given?.() ?? [])

export type PreparedRun = Awaited<ReturnType<typeof prepareRun>>
