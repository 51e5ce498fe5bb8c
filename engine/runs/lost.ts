import type { Story } from './story.ts'

/** What a run has done that no rollback undoes, as its journal tells it: each once, with the hosts it was done on. */
export interface Lost {
  readonly play: string
  readonly role: string
  readonly task: string
  readonly what: string
  /** Its files are kept, and go back; the rest stays. */
  readonly isPart: boolean
  readonly hosts: readonly string[]
}

export function lostIn({ plays }: Story, isChosen: (host: string) => boolean): readonly Lost[] {
  const found = new Map<string, Lost & { readonly hosts: string[] }>()
  for (const { play, hosts } of plays)
    for (const { host, did } of hosts) {
      if (!isChosen(host)) continue
      for (const { role, task, status, summary = '', keeps, handler } of did) {
        // What a handler does, it does again; what failed may have been done all the same.
        if (handler || keeps === 'all' || (status !== 'changed' && status !== 'failed')) continue
        const key = JSON.stringify([play, role, task])
        const known = found.get(key) ?? { play, role, task, what: summary, isPart: keeps === 'part', hosts: [] }
        found.set(key, known)
        if (!known.hosts.includes(host)) known.hosts.push(host)
      }
    }
  return [...found.values()]
}
