import type { ReadyPlay } from '../plan/index.ts'
import { buildWork, checksOn, noPeers } from '../plan/index.ts'
import type { TagSelection } from '../playbook/index.ts'
import type { InventoryView } from '../role/index.ts'
import { tagsOf } from '../tasks/index.ts'
import { tagsIn } from './check-names.ts'
import type { Flags } from './flags.ts'

/** What `--list-hosts`, `--list-tasks` and `--list-tags` print, line by line. */
export function listing(
  plays: readonly ReadyPlay[],
  view: InventoryView,
  tags: TagSelection,
  flags: Pick<Flags, 'listHosts' | 'listTasks' | 'listTags'>,
): readonly string[] {
  const lines = plays.flatMap(ready => {
    const { play, hosts } = ready
    const own = tagsOf(play.tags)
    const head = `play: ${play.name} (hosts: ${[play.hosts].flat().join(',')}${own.length > 0 ? `; tags: ${own.join(', ')}` : ''})`
    const hostLines = flags.listHosts ? [`  hosts (${hosts.length}):`, ...hosts.map(host => `    ${host.name}`)] : []
    return [head, ...hostLines, ...(flags.listTasks ? taskLines(ready, view, tags) : []), '']
  })
  const all = flags.listTags ? [`tags: ${tagsIn(plays, view).join(', ')}`, ''] : []
  return [...(flags.listHosts || flags.listTasks ? lines : []), ...all]
}

/** Tasks are listed for the first host of the play; where hosts differ, `--check` tells. */
function taskLines(ready: ReadyPlay, view: InventoryView, tags: TagSelection): readonly string[] {
  const { play, roles, hosts } = ready
  const [host] = hosts
  if (!host) return ['  tasks: none, no host is selected']
  const { work } = buildWork(play, roles, host, view, tags, noPeers)
  const tagged = (names: readonly string[]) => (names.length > 0 ? `  [${names.join(', ')}]` : '')
  return [
    `  tasks on ${host.name} (${work.items.length}):`,
    ...work.items.map(({ role, unit }) => `    ${role}: ${unit.title}${tagged(unit.tags)}`),
    ...checksOn(ready, host, view, tags).map(({ role, check }) => `    ${role}: check ${check.name}`),
  ]
}
