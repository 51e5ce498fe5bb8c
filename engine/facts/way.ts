/** What stands at a path itself, links not followed. */
export interface Standing {
  readonly type: string
  /** Four octal digits. */
  readonly mode: string
  readonly owner: string
  readonly uid: number
  readonly gid: number
}

/** What is known of the paths on a way, by their physical names. */
export interface Ground {
  readonly at: (path: string) => Standing | undefined
  /** What a link holds; undefined where it holds control characters or was not looked at. */
  readonly target: (path: string) => string | undefined
  /** Whom Rota is on the host. */
  readonly uid: number
  readonly gid: number
}

/**
 * Where a path leads, as the kernel would go, but through no link that somebody else could have made: `real` has no
 * link in it but perhaps its last part. `exposed`: why somebody else than root and this user may put something else
 * there.
 */
export type Way =
  | { readonly type: 'place'; readonly real: string; readonly exposed?: string }
  | { readonly type: 'barred'; readonly reason: string }

const mostLinks = 40

/**
 * The way to a path; its last part is not followed. A link on it is followed when it belongs to root or this user and
 * stands where nobody else may write: the rule of `fs.protected_symlinks`, made strict. Anything else may have been put
 * there by somebody who wants root to go there.
 */
export function wayTo(path: string, ground: Ground): Way {
  const rest = partsOf(path)
  let real = ''
  let exposed: string | undefined
  for (let links = 0; ; ) {
    const part = rest.shift()
    if (part === undefined) return place(real || '/', exposed)
    if (part === '..') {
      real = real.slice(0, real.lastIndexOf('/'))
      continue
    }
    const next = `${real}/${part}`
    const there = ground.at(next)
    exposed ??= exposureOf(real || '/', there, ground)
    if (there?.type !== 'link' || rest.length === 0) {
      real = next
      continue
    }
    const target = ground.target(next)
    const distrusted = exposed ?? distrust(there, ground)
    links += 1
    if (distrusted !== undefined)
      return { type: 'barred', reason: `${next} is a link that is not followed: ${distrusted}` }
    if (target === undefined || links > mostLinks)
      return { type: 'barred', reason: `${next} is a link that can't be followed: nobody can say where it leads to` }
    if (target.startsWith('/')) real = ''
    rest.unshift(...partsOf(target))
  }
}

/** Why a link at the end of a way is not followed, or nothing. */
export const linkDistrust = (exposed: string | undefined, link: Standing, ground: Ground): string | undefined =>
  exposed ?? distrust(link, ground)

const place = (real: string, exposed: string | undefined): Way => ({
  type: 'place',
  real,
  ...(exposed === undefined ? {} : { exposed }),
})

const partsOf = (path: string): string[] => path.split('/').filter(part => part !== '' && part !== '.')

const distrust = ({ owner, uid }: Standing, ground: Ground): string | undefined =>
  trusted(uid, ground) ? undefined : `it belongs to ${owner}`

const trusted = (uid: number, ground: Ground): boolean => uid === 0 || uid === ground.uid

/**
 * Why others may put something else at a name in this directory. In one with the sticky bit, a directory of ours stays
 * ours.
 */
function exposureOf(directory: string, there: Standing | undefined, ground: Ground): string | undefined {
  const here = ground.at(directory)
  if (here === undefined) return undefined
  const kept = isSticky(here) && there?.type === 'directory' && trusted(there.uid, ground)
  const open = openness(here, ground)
  return open === undefined || (kept && trusted(here.uid, ground)) ? undefined : `${directory} ${open}`
}

/** Why others may put things into a directory. */
export function openness(directory: Standing, { uid, gid }: Pick<Ground, 'uid' | 'gid'>): string | undefined {
  const bits = Number.parseInt(directory.mode, 8)
  if (directory.uid !== 0 && directory.uid !== uid) return `belongs to ${directory.owner}`
  if ((bits & 0o002) !== 0) return 'may be written by everybody'
  // A user's own group is himself, where each has one (umask 002). Root's may stand for anybody: an access list shows
  // there.
  const own = uid !== 0 && directory.gid === gid
  return (bits & 0o020) !== 0 && !own ? 'may be written by a group' : undefined
}

const isSticky = ({ mode }: Standing): boolean => (Number.parseInt(mode, 8) & 0o1000) !== 0
