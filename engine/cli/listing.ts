import type { ReadyPlay } from '../plan/index.ts'
import { draftOf } from '../plan/index.ts'
import { tagsIn } from './check-names.ts'
import type { Flags } from './flags.ts'

/** What `--list-hosts`, `--list-tasks` and `--list-tags` print, line by line. */
export function listing(
  plays: readonly ReadyPlay[],
  flags: Pick<Flags, 'listHosts' | 'listTasks' | 'listTags'>,
): readonly string[] {
  const lines = plays.flatMap(ready => {
    const { play, hosts, tags: own } = ready
    const head = `play: ${play.name} (hosts: ${[play.hosts].flat().join(',')}${own.length > 0 ? `; tags: ${own.join(', ')}` : ''})`
    const hostLines = flags.listHosts ? [`  hosts (${hosts.length}):`, ...hosts.map(host => `    ${host.name}`)] : []
    return [head, ...hostLines, ...(flags.listTasks ? taskLines(ready) : []), '']
  })
  const all = flags.listTags ? [`tags: ${tagsIn(plays).join(', ')}`, ''] : []
  return [...(flags.listHosts || flags.listTasks ? lines : []), ...all]
}

/** Tasks are listed for the first host of the play; where hosts differ, `--check` tells. */
function taskLines(ready: ReadyPlay): readonly string[] {
  const [host] = ready.hosts
  if (!host) return ['  tasks: none, no host is selected']
  const { work, checks } = draftOf(ready, host)
  const tagged = (names: readonly string[]) => (names.length > 0 ? `  [${names.join(', ')}]` : '')
  return [
    `  tasks on ${host.name} (${work.items.length}):`,
    ...work.items.map(({ role, unit }) => `    ${role}: ${unit.title}${tagged(unit.tags)}`),
    ...checks.map(({ role, check }) => `    ${role}: check ${check.name}`),
  ]
}
