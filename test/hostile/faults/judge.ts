import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { type Control, journalsOf, type Ran } from './control.ts'
import { type Tree, treeOf } from './host.ts'

/** The host before and after a run that nothing has happened to. */
export interface Known {
  readonly before: Tree
  readonly after: Tree
}

/** What is there, and what has been done, at one moment. */
export interface Seen {
  readonly tree: Tree
  readonly owed: readonly string[]
  readonly reloads: readonly string[]
  readonly restarts: number
}

const lines = (path: string): readonly string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : []
const namesIn = (dir: string): readonly string[] => (existsSync(dir) ? readdirSync(dir) : [])
const files = (dir: string): readonly string[] =>
  existsSync(dir) ? [...treeOf(dir)].flatMap(([path, what]) => (what.startsWith('10') ? [path] : [])) : []

export const see = ({ host: { at } }: Control): Seen => ({
  tree: treeOf(at('/srv/etc')),
  owed: files(at('/srv/lib/rota/pending')).map(name => decodeURIComponent(name)),
  reloads: lines(at('/srv/log/reload')),
  restarts: lines(at('/srv/log/restart')).length,
})

const marker = 'out-of-service'
const temporary = /(^|\/)\.[^/]+\.rota-[0-9a-f]{32}(-\d+)?(\/new)?$/

/** What is wrong right after the fault, with the next run still to come. */
export function afterFault(control: Control, { before, after }: Known, { tree, owed }: Seen): readonly string[] {
  const managed = new Set([...before.keys(), ...after.keys()])
  const neither = [...managed].filter(path => !isEither(tree.get(path), before.get(path), after.get(path)))
  const strangers = [...tree.keys()].filter(path => !managed.has(path) && path !== marker && !temporary.test(path))
  const changed = [...managed].some(path => tree.get(path) !== before.get(path))
  const complete = [...managed].every(path => tree.get(path) === after.get(path)) && owed.length === 0
  return [
    ...neither.map(path => `${path} is neither old nor new: ${tree.get(path)}`),
    ...strangers.map(path => `${path} is nobody's`),
    ...(tree.has(marker) && !owed.includes('around/service') ? ['out of service, and nobody owes to undo it'] : []),
    ...(changed && !complete && !tree.has(marker) && owed.length === 0 ? ['changed while it was in service'] : []),
    ...unkept(control, { before, after }, tree),
    ...unreadable(control),
  ]
}

/**
 * Old or new: of a file its content, its owner and its mode together. A directory that is new is empty, ours and 0755
 * for a moment, and gets its owner before its mode.
 */
function isEither(now: string | undefined, old: string | undefined, wanted: string | undefined): boolean {
  if (now === old || now === wanted) return true
  if (now === undefined || old !== undefined || !wanted?.startsWith('4')) return false
  const [mode, owner] = now.split(' ')
  return mode === '40755' && (owner === '0:0' || owner === wanted.split(' ')[1])
}

/** Of what was replaced, the version before is kept. */
function unkept({ host: { at } }: Control, { before, after }: Known, tree: Tree): readonly string[] {
  const backup = at('/srv/lib/rota/backup')
  const kept = existsSync(backup) ? [...treeOf(backup)] : []
  return [...before].flatMap(([path, old]) => {
    if (!old.startsWith('100') || tree.get(path) !== after.get(path) || !after.has(path)) return []
    const name = encodeURIComponent(`/srv/etc/${path}`)
    if (path === 'closed' || kept.some(([file, what]) => file.endsWith(`/${name}`) && what === old)) return []
    return [`${path} was replaced, and the version before is not kept`]
  })
}

function unreadable(control: Control): readonly string[] {
  try {
    journalsOf(control)
    return []
  } catch (error) {
    return [`a journal can't be read: ${error}`]
  }
}

/** What is wrong after the same command has been run again. */
export function afterNext(control: Control, { after }: Known, fault: Seen, next: Ran): readonly string[] {
  const seen = see(control)
  const { at } = control.host
  const differs = [...new Set([...after.keys(), ...seen.tree.keys()])].filter(
    path => after.get(path) !== seen.tree.get(path),
  )
  const left = [
    ...namesIn(at('/srv/tmp')).map(name => `/tmp/${name}`),
    ...namesIn(at('/srv/lib/rota')).filter(name => !['lock', 'lock.pid', 'pending', 'backup'].includes(name)),
    ...namesIn(dirname(control.fetched)).filter(name => name !== 'app.conf'),
  ]
  const isNew = (path: string) => fault.tree.get(path) === after.get(path)
  const reload = ['app/app.conf', 'app/new.env', 'app/late.conf']
  return [
    ...(next.exitCode === 0 ? [] : [`the next run ended with ${next.exitCode}: ${whyOf(next.events)}`]),
    ...differs.map(path => `${path} is not as it shall be after the next run: ${seen.tree.get(path) ?? 'gone'}`),
    ...left.map(name => `${name} has outlived the next run`),
    ...seen.owed.map(name => `${name} is still owed after the next run`),
    ...ranAsOwed('app/reload', reload.every(isNew), fault, seen.reloads.length - fault.reloads.length),
    ...ranAsOwed('app/restart', ['app/new.env', 'migrated'].every(isNew), fault, seen.restarts - fault.restarts),
    ...(seen.reloads.at(-1) === reference(control) ? [] : ['the daemon has not loaded the newest configuration']),
    ...unreadable(control),
  ]
}

/** A handler runs once where it is owed or will be, and not at all where it has run already. */
function ranAsOwed(name: string, allNew: boolean, { owed }: Seen, runs: number): readonly string[] {
  const wanted = owed.includes(name) || !allNew ? 1 : 0
  return runs === wanted ? [] : [`handler ${name} was run ${runs} times by the next run, and ${wanted} were owed`]
}

/** What the daemon has loaded at the end of a run that nothing has happened to. */
let loaded: string | undefined
const reference = (control: Control): string | undefined => {
  loaded ??= see(control).reloads.at(-1)
  return loaded
}

/** What is wrong after a third run. */
export function afterThird(control: Control, { after }: Known, before: Seen, third: Ran): readonly string[] {
  const seen = see(control)
  const finished = third.events.find(event => event.kind === 'runFinished')
  const changed = finished?.kind === 'runFinished' ? finished.hosts.map(({ changed }) => changed).join() : 'unknown'
  return [
    ...(third.exitCode === 0 && changed === '0'
      ? []
      : [`the third run ended with ${third.exitCode}, changed ${changed}`]),
    ...(seen.reloads.length === before.reloads.length && seen.restarts === before.restarts
      ? []
      : ['the third run has run a handler']),
    ...[...after].flatMap(([path, what]) =>
      seen.tree.get(path) === what ? [] : [`${path} was changed by the third run`],
    ),
  ]
}

export const whyOf = (events: readonly RunEvent[]): string =>
  events
    .flatMap(event => {
      if (event.kind === 'hostFinished' && event.message !== undefined) return [event.message]
      return event.kind === 'task' && event.status === 'failed' ? [`${event.task}: ${event.output ?? ''}`] : []
    })
    .join('; ')
