import { posix } from 'node:path'
import { mounts, path as pathFact } from '../facts/index.ts'
import { lines, raw, sh } from '../shell/index.ts'
import { installFact, installFacts, planInstall } from './install.ts'
import { isKeptPlace, keptWord, placeOf } from './place.ts'
import { type Change, defineTask } from './task.ts'

export interface TimezoneArgs {
  /** As in /usr/share/zoneinfo: `Europe/Berlin`, `Etc/UTC`. */
  readonly name: string
}

/**
 * The host's timezone: /etc/localtime, and /etc/timezone where the host has one (Debian). Programs that run keep the
 * old one until they are started anew: notify a restart of those whose clock counts (cron).
 *
 * Facts: these two paths and the zone's own. A change: the link leads to another zone, or the file has another name.
 * Refused: the host has no such zone, unless an earlier task (the package tzdata) may bring it; /etc/localtime is a
 * mount point (in a container). Source: `man localtime`, Ansible's `community.general.timezone`.
 */
export const timezone = defineTask<TimezoneArgs>({
  name: 'timezone',
  title: args => `timezone ${args.name}`,
  check: ({ name }) =>
    /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/.test(name) ? [] : [`name: ${JSON.stringify(name)} is not a timezone`],
  facts: (args, { diff }) => [link, folder, mounted, zoneOf(args), ...installFacts(file, contentOf(args), diff)],
  plan: (args, facts, context): Change | undefined => {
    const now = facts.get(link)
    const zone = facts.get(zoneOf(args))
    const content = Buffer.from(contentOf(args))
    const named = facts.get(installFact(file, content, context.diff))
    const written =
      named.type === 'absent' ? undefined : planInstall({ path: file, content, mode: '0644' }, named, facts, context)
    const wanted = pathOf(args)
    const leads = now.type === 'link' ? posix.resolve('/etc', now.target) : now.type
    if (leads === wanted && written === undefined) return undefined
    const refuse = (refused: string): Change => ({ summary: 'cannot be set', apply: raw(':'), refused })
    if (facts.get(mounted).here) return refuse(`${localtime} is a mount point: set the timezone of the machine`)
    if (now.type === 'unknown') return refuse(now.reason)
    if (now.type === 'directory') return refuse(`${localtime} is a directory, not a link: remove it first`)
    if (zone.type === 'directory') return refuse(`${wanted} is a directory, not a timezone: name one that is in it`)
    if (zone.type === 'absent' && !context.changed)
      return refuse(`there is no timezone ${wanted}: is it misspelt, or the package tzdata missing?`)
    if (written?.refused !== undefined) return written
    return {
      summary: [
        ...(leads === wanted ? [] : [`${leads.replace(`${zones}/`, '')} → ${args.name}`]),
        ...(written === undefined ? [] : [`${file} ${written.summary}`]),
      ].join(', '),
      apply: lines([
        ...(leads === wanted
          ? []
          : [
              sh`rota_backup ${placeOf(localtime, now)}`,
              sh`rota_link ${wanted} ${placeOf(localtime, now)} ${keptWord(isKeptPlace(now, facts.get(folder)))}`,
            ]),
        ...(written === undefined ? [] : [written.apply]),
      ]),
      keeps: 'all',
      ...(written?.diff === undefined ? {} : { diff: written.diff }),
    }
  },
})

const zones = '/usr/share/zoneinfo'
const localtime = '/etc/localtime'
const link = pathFact({ path: localtime })
const folder = pathFact({ path: '/etc' })
const mounted = mounts({ path: localtime })
const file = '/etc/timezone'
const pathOf = ({ name }: TimezoneArgs): string => `${zones}/${name}`
const zoneOf = (args: TimezoneArgs) => pathFact({ path: pathOf(args) })
const contentOf = ({ name }: TimezoneArgs): string => `${name}\n`
