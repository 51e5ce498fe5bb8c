import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { endedLine, quoted } from './output.ts'
import { within } from './timeout.ts'

export interface GitCheckoutArgs {
  /** Absolute. */
  readonly path: string
  readonly repo: string
  /** A branch, a tag, a ref in full, or a commit in full; `HEAD` is what the repository has checked out. */
  readonly version: string
  readonly environment: Readonly<Record<string, string>>
}

export type GitCheckoutFact =
  | { readonly type: 'noGit' }
  | { readonly type: 'git'; readonly remote: GitRemote; readonly here: GitHere }

/** What the repository has by the name of the version. A commit in full is not asked for. */
export type GitRemote =
  | { readonly type: 'commit'; readonly commit: string }
  | { readonly type: 'none' }
  | { readonly type: 'failed'; readonly reason: string }

/** What is at the path: `other` is neither a checkout nor an empty directory. */
export type GitHere =
  | { readonly type: 'absent' | 'other' | 'foreign' }
  | {
      readonly type: 'checkout'
      /** Empty where none is checked out yet. */
      readonly commit: string
      /** Of `origin`. */
      readonly url: string
      /** Some branch or tag holds the commit that is checked out. */
      readonly isKept: boolean
      /** Files that differ from it: the first ones. */
      readonly changed: readonly string[]
    }

/**
 * A checkout of git, and what its repository has by now. Nothing is looked at by git that belongs to somebody else: its
 * configuration could have any program run.
 */
export const gitCheckout = defineFact<GitCheckoutArgs, GitCheckoutFact>({
  name: 'gitCheckout',
  unseen: ['environment'],
  probe: args => `${within}\n${functions}\n${args.map(item => `{ ${call(item)}; } | base64; echo .`).join('\n')}`,
  parse: (output, args) => {
    const answers = endedLine(output).split('.\n')
    return args.map(({ version }, index) => {
      const answer = answers[index]
      if (answer === undefined || index >= answers.length - 1) throw new Error('an answer about a checkout is missing')
      return readAnswer(version, Buffer.from(answer, 'base64').toString())
    })
  },
})

export const isCommit = (version: string): boolean => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(version)

/** The refs that a version may be, the first one before the others. */
export const refsOf = (version: string): readonly string[] =>
  version === 'HEAD' || version.startsWith('refs/') ? [version] : [`refs/heads/${version}`, `refs/tags/${version}`]

// Variables of git, so that a look writes nothing and asks nobody. Names come escaped.
const functions = `git_look() {
  GIT_OPTIONAL_LOCKS=0 git -c core.fsmonitor=false -c core.hooksPath=/dev/null -c core.quotePath=true -C "$p" "$@" 2>/dev/null
}
git_here() {
  if ! [ -e "$p" ] && ! [ -L "$p" ]; then echo here absent; return; fi
  if ! [ -e "$p/.git" ]; then
    if [ -d "$p" ] && [ -z "$(ls -A "$p")" ]; then echo here absent; else echo here other; fi
    return
  fi
  if [ -L "$p/.git" ] || ! [ -d "$p/.git" ]; then echo here other; return; fi
  if ! [ -O "$p" ] || ! [ -O "$p/.git" ]; then echo here foreign; return; fi
  echo here checkout
  # One that was cut short is none to git, which would take a repository that is above it.
  [ "$(git_look rev-parse --git-dir)" = .git ] || return 0
  printf 'commit %s\\nurl %s\\n' "$(git_look rev-parse -q --verify HEAD)" "$(git_look config --get remote.origin.url)"
  [ -z "$(git_look for-each-ref --count=1 --contains HEAD)" ] || echo kept
  git_look status --porcelain --untracked-files=no | head -n 6 | sed 's/^/changed /'
}
git_checkout_of() (
  p=$1 repo=$2
  shift 2
  if ! command -v git >/dev/null 2>&1; then echo noGit; exit; fi
  git_here
  [ $# -gt 0 ] || exit
  if said=$(within 30 git ls-remote -q -- "$repo" "$@" 2>&1); then printf 'remote\\n%s\\n' "$said"
  else printf 'failed\\n%s\\n' "$said"
  fi
)`

function call({ path, repo, version, environment }: GitCheckoutArgs): string {
  const refs = isCommit(version) ? [] : refsOf(version).flatMap(ref => [ref, `${ref}^{}`])
  const exported = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}; `)
  return `(${exported.join('')}git_checkout_of ${[path, repo, ...refs].map(quote).join(' ')})`
}

function readAnswer(version: string, text: string): GitCheckoutFact {
  const rows = text.split('\n')
  if (rows[0] === 'noGit') return { type: 'noGit' }
  const end = rows.findIndex(row => row === 'remote' || row === 'failed')
  const seen = end < 0 ? rows : rows.slice(0, end)
  const said = end < 0 ? [] : rows.slice(end + 1)
  const value = (name: string): string => seen.find(row => row.startsWith(`${name} `))?.slice(name.length + 1) ?? ''
  const here = value('here')
  if (here !== 'absent' && here !== 'other' && here !== 'foreign' && here !== 'checkout')
    throw new Error(`what is at a checkout's path is not understood: ${quoted(text)}`)
  return {
    type: 'git',
    remote: isCommit(version) ? { type: 'commit', commit: version } : remoteOf(version, rows[end], said),
    here:
      here === 'checkout'
        ? {
            type: here,
            commit: isCommit(value('commit')) ? value('commit') : '',
            url: value('url'),
            isKept: seen.includes('kept'),
            changed: seen.flatMap(row => (row.startsWith('changed ') ? [row.slice('changed XY '.length)] : [])),
          }
        : { type: here },
  }
}

function remoteOf(version: string, kind: string | undefined, said: readonly string[]): GitRemote {
  if (kind !== 'remote') return { type: 'failed', reason: said.join('\n').trim() || 'no answer within 30 s' }
  const commits = new Map(said.map(row => row.split('\t')).map(([commit = '', ref = '']) => [ref, commit]))
  // An annotated tag is an object of its own; what it stands for has ^{} after its name.
  const commit = refsOf(version)
    .flatMap(ref => [commits.get(`${ref}^{}`), commits.get(ref)])
    .find(each => each !== undefined && isCommit(each))
  return commit === undefined ? { type: 'none' } : { type: 'commit', commit }
}
