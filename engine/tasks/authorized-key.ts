import { type AuthorizedKeysFact, authorizedKeys, factTable, path as pathFact } from '../facts/index.ts'
import { hasControlCharacters, lines, raw, sh } from '../shell/index.ts'
import { stateProblems } from './checks.ts'
import { planEdit } from './edit.ts'
import { editKeys, type PublicKey, readKey } from './edit-keys.ts'
import { accountProblems } from './group.ts'
import { editFact } from './install.ts'
import { type Owned, ownedDifferences, ownWords } from './owned.ts'
import { type Change, defineTask, type PlanContext } from './task.ts'

export interface AuthorizedKeyArgs {
  /** Whose `~/.ssh/authorized_keys` it is. */
  readonly user: string
  /**
   * Public keys, one a line or item, as `ssh-keygen` writes them: options (`from="10.0.0.0/8",no-pty`), type, key,
   * comment.
   */
  readonly key: string | readonly string[]
  /** Options of all these keys instead of those of their lines. */
  readonly options?: string
  /** Default present. */
  readonly state?: 'present' | 'absent'
  /** No other key stays in the file. Default false. */
  readonly exclusive?: boolean
}

/**
 * Keys that may log in as a user, in a file of his (0600) in a directory of his (0700).
 *
 * A key that is there with other options gets these, once; what else is in the file stays, but for a key that stands
 * there twice. Facts: the user, his `~/.ssh` and the file. A change: a key is missing (or there), has other options, or
 * the mode or owner of the file or directory differs. Refused: there is no such user, unless an earlier task makes him;
 * `~/.ssh` or the file is a link, or the file has a second name: they are not followed, not even root's. Source:
 * Ansible's `authorized_key`.
 */
export const authorizedKey = defineTask<AuthorizedKeyArgs>({
  name: 'authorizedKey',
  // The file is edited here and sent as a whole, and only its user and root may read it.
  unseen: ['key', 'options'],
  title: args => `authorized key of ${args.user}${args.state === 'absent' ? ' absent' : ''}`,
  check: args => [
    ...stateProblems(args.state),
    ...accountProblems('user', args.user),
    ...keyProblems(args),
    ...(args.exclusive && args.state === 'absent' ? ['exclusive: has no meaning where keys are to be absent'] : []),
  ],
  facts: args => [authorizedKeys({ user: args.user })],
  plan: (args, facts, context): Change | undefined => {
    const fact = facts.get(authorizedKeys({ user: args.user }))
    const isAbsent = args.state === 'absent'
    const refuse = (refused: string): Change => ({ summary: 'cannot be written', apply: raw(':'), refused })
    if (fact.type === 'noUser') {
      if (isAbsent) return undefined
      // An earlier task may make him: the pass after the verify knows his home.
      if (context.changed) return { summary: 'added once the user exists', apply: raw(':') }
      return refuse(`there is no user ${args.user}: make him with user() first`)
    }
    if (fact.type === 'unknown') return refuse(fact.reason)
    return planKeys(args, fact, context)
  },
})

function planKeys(args: AuthorizedKeyArgs, fact: Home, context: PlanContext): Change | undefined {
  const state = args.state ?? 'present'
  const file = `${fact.path}/authorized_keys`
  const owner = { owner: String(fact.uid), group: String(fact.gid) }
  const edited = planEdit(
    { path: file, create: true, ...(state === 'absent' ? {} : { mode: '0600', ...owner }) },
    factTable([editFact(file), fact.file], [pathFact({ path: fact.path }), fact.folder]),
    // The directory is made in the same change.
    { ...context, changed: true },
    text => ({ text: editKeys(text, { keys: keysOf(args), state, exclusive: args.exclusive ?? false }) }),
    state === 'absent',
  )
  const own = { mode: '0700', ...owner }
  const differences = state === 'absent' || fact.folder.type === 'absent' ? [] : ownedDifferences(fact.folder, own)
  if (edited === undefined && differences.length === 0) return undefined
  return {
    ...edited,
    summary: [
      ...differences.map(difference => `${fact.path}: ${difference}`),
      ...(edited === undefined ? [] : [edited.summary]),
    ].join(', '),
    apply: lines([
      ...(state === 'absent' || fact.folder.type === 'absent' || differences.length === 0
        ? []
        : [sh`rota_backup ${fact.path}`]),
      ...(state === 'absent' ? [] : [sh`rota_directory ${fact.path} ${ownWords(own)}`]),
      ...(edited === undefined ? [] : [edited.apply]),
    ]),
    keeps: 'all',
    leaves: [[authorizedKeys({ user: args.user }), left(fact, edited, state === 'absent' ? {} : own)]],
  }
}

type Home = Extract<AuthorizedKeysFact, { readonly type: 'home' }>

/** What is there afterwards: another key of the same user is planned on it. */
function left(fact: Home, edited: Change | undefined, own: Owned): Home {
  const file = (edited?.leaves?.[0]?.[1] as Home['file'] | undefined) ?? fact.file
  const folder = fact.folder.type === 'absent' ? fact.folder : { ...fact.folder, ...own }
  return { ...fact, folder, file }
}

const linesOf = ({ key }: AuthorizedKeyArgs): readonly string[] =>
  [key]
    .flat()
    .flatMap(text => text.split('\n'))
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))

const keysOf = (args: AuthorizedKeyArgs): readonly PublicKey[] =>
  linesOf(args).flatMap(line => {
    const key = readKey(line)
    return key === undefined ? [] : [{ ...key, options: args.options ?? key.options }]
  })

function keyProblems(args: AuthorizedKeyArgs): readonly string[] {
  const given = linesOf(args)
  return [
    ...(given.length === 0 ? ['key: is empty'] : []),
    ...given.flatMap((line, index) =>
      readKey(line) === undefined
        ? [`key: line ${index + 1} is no public key as ssh-keygen writes it, or was cut short`]
        : [],
    ),
    ...(args.options !== undefined &&
    (hasControlCharacters(args.options) || readKey(`${args.options} ${sample}`)?.options !== args.options)
      ? [
          `options: ${JSON.stringify(args.options)} are no options of a key: a value with a space stands between double quotes`,
        ]
      : []),
  ]
}

const sample = 'ssh-rsa AAAAB3NzaC1yc2EA'
