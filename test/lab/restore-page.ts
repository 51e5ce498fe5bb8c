import { readFileSync } from 'node:fs'
import { is, match } from 'uvu/assert'

/** The commands under a heading of docs/etcd-restore.md, as they stand there, one text a step. */
export function commandsUnder(heading: string): readonly string[] {
  const [, rest = ''] = readFileSync('docs/etcd-restore.md', 'utf8').split(new RegExp(`^#+ ${heading}\n`, 'm'))
  const [section = ''] = rest.split(/^#/m)
  return [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) => `set -e\n${text}`)
}

/** On hosts at once, `on` being how one is reached. */
export const everywhere = (
  hosts: readonly string[],
  on: (host: string, command: string) => Promise<string>,
  command: string,
): Promise<readonly string[]> => Promise.all(hosts.map(host => on(host, command)))

/**
 * Brings back what a run has kept, as the page tells it for members that are units, in containers or not: `snapshot` is
 * its path on one of the hosts. Returns what the members list themselves as.
 */
export async function restoreUnits(
  hosts: readonly string[],
  on: (host: string, command: string) => Promise<string>,
  snapshot: { readonly host: string; readonly path: string },
): Promise<string> {
  const [list = '', sum = ''] = commandsUnder('1. The snapshot, on every member')
  match(await on(snapshot.host, list), snapshot.path.split('/').at(-1) ?? '')
  const content = await on(snapshot.host, `base64 <${snapshot.path}`)
  await everywhere(hosts, on, `umask 077; base64 -d >/root/etcd-restore.db <<'END'\n${content}\nEND`)
  is(new Set(await everywhere(hosts, on, sum)).size, 1)
  for (const command of commandsUnder('2. The API servers stop')) await everywhere(hosts, on, command)
  const [restore = '', start = '', look = ''] = commandsUnder('etcd as a unit, on a host or in Docker')
  await everywhere(hosts, on, restore)
  await everywhere(hosts, on, start)
  const said = await on(hosts[0] ?? '', look)
  await everywhere(
    hosts,
    on,
    'rm -rf /root/etcd-restore.db /var/lib/etcd/before-restore-* /etc/kubernetes/restore-aside',
  )
  return said
}
