import { posix } from 'node:path'
import {
  followed,
  type GitHere,
  type GitRemote,
  gitCheckout,
  isCommit,
  path as pathFact,
  refsOf,
} from '../facts/index.ts'
import { hasControlCharacters, lines, quote, raw, type Shell, sh } from '../shell/index.ts'
import { envProblems, pathProblems } from './checks.ts'
import { readKey } from './edit-keys.ts'
import { isKeptPlace, keptWord, linkProblem, placeOf } from './place.ts'
import { type Change, defineTask } from './task.ts'

export interface GitArgs {
  /** `https://…`, `ssh://…`, `git@host:path`, or an absolute path on the host. */
  readonly repo: string
  /** Directory of the checkout; absolute. It is made, with those on the way. */
  readonly path: string
  /** Branch, tag, ref in full (`refs/…`) or commit in full; default HEAD, the repository's own branch. */
  readonly version?: string
  /** How many commits of its history are fetched; default all. */
  readonly depth?: number
  /** Local changes are thrown away; default false. */
  readonly force?: boolean
  /** Private key for ssh, a file on the host; default those of its user. */
  readonly key?: string
  /**
   * Public key that the repository's host has to have: `ssh-ed25519 AAAA…`. Needs OpenSSH 8.5 on the host; default what
   * its known_hosts say. A host that nobody knows is never trusted.
   */
  readonly hostKey?: string
  /** Of git: `https_proxy`; `GIT_CONFIG_COUNT` and its kin for a token in a header. */
  readonly environment?: Readonly<Record<string, string>>
}

/**
 * A checkout of a version of a repository: of the commit itself, so that HEAD is detached and no branch is made.
 *
 * A branch is followed: each run asks the repository where it is by now (also in check mode), and a commit in full is
 * never asked for. Facts: the checkout, the version in the repository. A change: there is none, it is of another
 * commit, or comes from elsewhere. Refused: files differ from what is checked out, or a commit of its own is on no
 * branch (both: unless `force`); something else is at the path; it belongs to somebody else, whose configuration git
 * would obey; the repository can't be asked, unless an earlier task may change that. Files that git does not know stay.
 * Submodules are not checked out. Source: Ansible's `git`.
 */
export const git = defineTask<GitArgs>({
  name: 'git',
  unseen: ['environment'],
  title: args => `git ${args.path} at ${versionOf(args)}`,
  check: args => [
    ...pathProblems('path', args.path),
    ...(/^(https?|ssh|git|file):\/\/[^\s]+$|^([\w.-]+@)?[\w.-]+:[^\s]+$|^\/./.test(args.repo) &&
    !hasControlCharacters(args.repo)
      ? []
      : [`repo: ${JSON.stringify(args.repo)} is neither a URL nor host:path nor an absolute path`]),
    ...(URL.canParse(args.repo) && new URL(args.repo).password !== ''
      ? ['repo: holds a password, which every user of the host could read in the list of processes: use environment']
      : []),
    ...(/^[A-Za-z0-9_][\w./+@-]*$/.test(versionOf(args)) && !/\.\.|\.lock$|\/$|@\{/.test(versionOf(args))
      ? []
      : [`version: ${JSON.stringify(args.version)} is no name of a branch or a tag, and no commit in full`]),
    ...(args.depth === undefined || (Number.isSafeInteger(args.depth) && args.depth > 0)
      ? []
      : [`depth: ${args.depth} is not a number of commits`]),
    ...(args.key === undefined ? [] : pathProblems('key', args.key)),
    ...(args.hostKey === undefined || readKey(args.hostKey)?.options === ''
      ? []
      : ['hostKey: is no public key as `ssh-keyscan` shows it, without the name of the host: ssh-ed25519 AAAA…']),
    ...envProblems(args.environment),
  ],
  facts: args => [checkout(args), pathFact({ path: args.path }), parentFact(args)],
  plan: (args, facts, context): Change | undefined => {
    const fact = facts.get(checkout(args))
    const place = facts.get(pathFact({ path: args.path }))
    const entry = followed(place)
    const refuse = (refused: string): Change => ({ summary: 'cannot be checked out', apply: raw(':'), refused })
    const kept = isKeptPlace(entry, facts.get(parentFact(args)))
    const change = (summary: string): Change => ({
      summary,
      apply: script(args, placeOf(args.path, place, true), kept),
    })
    if (entry.type === 'unknown') return refuse(entry.reason)
    const barred = linkProblem(args.path, place) ?? entry.exposed
    if (barred !== undefined) return refuse(`${barred}: git would obey what is put there; check it out as that user`)
    // What is missing an earlier change may bring: git itself, the key, the way to the repository.
    if (fact.type === 'noGit') return context.changed ? change('does not exist') : refuse('git is not installed')
    const { here, remote } = fact
    if (here.type === 'other') return refuse(`${args.path} is there and no checkout of git: remove it first`)
    if (here.type === 'foreign')
      return refuse(`${args.path} belongs to somebody else, whose configuration git would obey`)
    if (remote.type === 'none') return refuse(`${args.repo} has no branch and no tag ${versionOf(args)}`)
    const lost = args.force ? undefined : lostWith(args, here, remote)
    if (lost !== undefined) return refuse(lost)
    if (here.type === 'absent' && (remote.type === 'commit' || context.changed)) return change('does not exist')
    if (remote.type === 'failed')
      return context.changed ? change('asked again after the changes') : refuse(`${args.repo}: ${remote.reason}`)
    const reasons = here.type === 'checkout' ? differences(args, here, remote.commit) : []
    return reasons.length === 0 ? undefined : change(reasons.join(', '))
  },
})

const versionOf = ({ version = 'HEAD' }: GitArgs): string => version
const parentFact = (args: GitArgs) => pathFact({ path: posix.dirname(args.path) })
const checkout = (args: GitArgs) =>
  gitCheckout({ path: args.path, repo: args.repo, version: versionOf(args), environment: environmentOf(args) })

type Checkout = Extract<GitHere, { readonly type: 'checkout' }>

const differences = (args: GitArgs, here: Checkout, wanted: string): readonly string[] => [
  ...(here.commit === wanted ? [] : [`${here.commit.slice(0, 12) || '(none)'} → ${wanted.slice(0, 12)}`]),
  // What it was may hold a password.
  ...(here.url === args.repo ? [] : ['comes from elsewhere']),
  ...(here.changed.length > 0 ? ['local changes'] : []),
]

/** Why work of somebody would be lost. */
function lostWith({ path }: GitArgs, here: GitHere, remote: GitRemote): string | undefined {
  if (here.type !== 'checkout') return undefined
  const [first, ...others] = here.changed
  if (first !== undefined)
    return `${path} has local changes (${first}${others.length > 0 ? ', …' : ''}): commit them elsewhere, or throw them away by force: true`
  const stays = remote.type === 'commit' && remote.commit === here.commit
  return here.commit !== '' && !here.isKept && !stays
    ? `${path} has a commit of its own, ${here.commit.slice(0, 12)}, that is on no branch: put one there, or throw it away by force: true`
    : undefined
}

/** Asks nobody, and trusts no host that is not known. */
function environmentOf({ key, hostKey, environment }: GitArgs): Readonly<Record<string, string>> {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    'ConnectTimeout=15',
    ...(key === undefined ? [] : ['IdentitiesOnly=yes']),
    // The key stands for whatever name or address is asked for.
    ...(hostKey === undefined
      ? []
      : ['UserKnownHostsFile=none', 'GlobalKnownHostsFile=none', `KnownHostsCommand=/bin/echo %H ${keyOf(hostKey)}`]),
  ]
  // Behind -o it would end at a space.
  const identity = key === undefined ? [] : ['-i', key]
  const ssh = ['ssh', ...identity, ...options.flatMap(option => ['-o', option])].map(quote).join(' ')
  return { GIT_TERMINAL_PROMPT: '0', GIT_SSH_COMMAND: ssh, ...environment }
}

const keyOf = (hostKey: string): string => {
  const { type = '', blob = '' } = readKey(hostKey) ?? {}
  return `${type} ${blob}`
}

// The version has a ref of its own, so that what is checked out is never lost to git.
function script(args: GitArgs, place: string, kept: boolean): Shell {
  const depth = args.depth === undefined ? [] : [`--depth=${args.depth}`]
  return lines([
    sh`rota_directory ${place} '' '' '' ${keptWord(kept)}`,
    ...Object.entries(environmentOf(args)).map(([name, value]) => sh`export ${`${name}=${value}`}`),
    // Also where there is one: it may have been cut short.
    sh`git -c init.defaultBranch=main init -q
git config remote.origin.url ${args.repo}
git config --replace-all remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*' '^[+]?refs/heads/[*]:'`,
    fetching(versionOf(args), depth),
    sh`git checkout -q ${args.force ? ['-f'] : []} --detach ${`${versionRef}^{commit}`}`,
  ])
}

const versionRef = 'refs/rota/version'

function fetching(version: string, depth: readonly string[]): Shell {
  const get = (ref: string) => sh`git fetch -q ${depth} origin ${`+${ref}:${versionRef}`}`
  // Not every server gives a commit that is no branch's: it comes with all of them.
  if (isCommit(version))
    return sh`if ! git cat-file -e ${`${version}^{commit}`} 2>/dev/null; then
  ${get(version)} 2>/dev/null || git fetch -q origin '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*'
fi
git update-ref ${versionRef} ${version}`
  const [first = '', second] = refsOf(version)
  return second === undefined ? get(first) : sh`${get(first)} 2>/dev/null || ${get(second)}`
}
