import { type FactRequest, type Facts, mounts, type PathFact, path as pathFact } from '../facts/index.ts'
import { lines, raw, sh } from '../shell/index.ts'
import { pathProblems } from './checks.ts'
import { isKept, keptWord, placeOf } from './place.ts'
import { type Change, defineTask } from './task.ts'

export interface AbsentArgs {
  /** Absolute; a directory goes with all that is in it, a link goes without what it leads to. */
  readonly path: string | readonly string[]
  /** Keep removed regular files and links under /var/lib/rota/backup; default true. */
  readonly backup?: boolean
}

/**
 * Nothing at these paths.
 *
 * Facts: paths, and what is mounted there. A change: something is there. Refused: a path of the system itself (`/`,
 * `/etc`, `/usr/lib`, …: before any host is touched), a mount point, or a directory with one below. Source: Ansible's
 * `file: state=absent`.
 */
export const absent = defineTask<AbsentArgs>({
  name: 'absent',
  title: args => `absent ${pathsOf(args).join(', ')}`,
  check: args => pathsOf(args).flatMap(path => [...pathProblems('path', path), ...dangerProblems(path)]),
  facts: absentFacts,
  plan: planAbsent,
})

/** What `planAbsent` reads. */
export function absentFacts(args: AbsentArgs): readonly FactRequest[] {
  return pathsOf(args).flatMap(path => [pathFact({ path }), mounts({ path })])
}

/** Change after which nothing is at these paths, or nothing. */
export function planAbsent(args: AbsentArgs, facts: Facts): Change | undefined {
  const found = pathsOf(args).map(path => ({
    path,
    fact: facts.get(pathFact({ path })),
    mounted: facts.get(mounts({ path })),
  }))
  const there = found.filter(({ fact }) => fact.type !== 'absent')
  if (there.length === 0) return undefined
  const reasons = there.flatMap(({ path, fact, mounted }) => {
    if (fact.type === 'unknown') return [fact.reason]
    if (fact.type === 'link') return []
    if (mounted.here) return [`${path} is a mount point: unmount it first`]
    return mounted.below.length > 0 ? [`${mounted.below.join(', ')} is mounted below ${path}: unmount it first`] : []
  })
  const kept = there.filter(({ fact }) => isKeptBy(args, fact)).length
  return {
    summary: `remove ${there.map(({ path, fact }) => `${fact.type === 'unknown' ? '' : `${fact.type} `}${path}`).join(', ')}`,
    apply: lines(
      there.flatMap(({ path, fact }) => {
        const place = placeOf(path, fact)
        return [
          ...(isKeptBy(args, fact) ? [sh`rota_backup ${place}`] : []),
          sh`rota_remove ${place} ${keptWord(isKept(fact))}`,
        ]
      }),
    ),
    ...(kept === 0 ? {} : { keeps: kept === there.length ? 'all' : 'part' }),
    ...(reasons.length > 0 ? { refused: reasons.join('; '), apply: raw(':') } : {}),
  }
}

const isKeptBy = ({ backup }: AbsentArgs, { type }: PathFact): boolean =>
  backup !== false && (type === 'file' || type === 'link')

const pathsOf = (args: AbsentArgs): readonly string[] => [args.path].flat()

// Nobody means to remove these, but a path made of an empty variable can be one.
const system = new Set(
  `/etc/ssh /etc/systemd /etc/pam.d /etc/apt /etc/kubernetes/pki /usr/bin /usr/lib /usr/lib64 /usr/libexec /usr/local /usr/local/bin
/usr/sbin /usr/share /var/lib /var/log /var/cache /var/spool /var/run /var/lib/dpkg /var/lib/rpm /var/lib/systemd /var/lib/rota
/var/lib/etcd /run/systemd /lib/modules /lib/systemd`.split(/\s+/),
)

function dangerProblems(path: string): readonly string[] {
  const plain = `/${path
    .split('/')
    .filter(part => part !== '' && part !== '.')
    .join('/')}`
  const depth = plain.split('/').length - 1
  const user = depth === 2 && plain.startsWith('/home/')
  return plain === '/' || depth === 1 || system.has(plain) || user
    ? [`path: ${JSON.stringify(path)} is part of the system itself and is not removed`]
    : []
}
