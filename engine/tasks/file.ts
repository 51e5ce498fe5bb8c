import { followed, type PathFact } from '../facts/index.ts'
import { raw } from '../shell/index.ts'
import { checkInstall, type InstallOptions, installFact, installFacts, planInstall } from './install.ts'
import { localProblems, localSource } from './local.ts'
import type { Owned } from './owned.ts'
import { isOpen, isSecretFile, openMessage, opensSecret } from './secret.ts'
import { type Computed, defineTask, factsOf, type PlanContext, resolved } from './task.ts'

export type FileArgs = InstallOptions &
  (
    | {
        /** The whole content. */
        readonly content: string | Uint8Array | Computed<string | Uint8Array>
        readonly source?: never
      }
    | {
        /** File on the control machine; streamed, and only when it differs. */
        readonly source: string
        readonly content?: never
      }
  )

/**
 * A regular file with this content, mode and owner.
 *
 * The new file is written beside the old one, checked by `validate`, and renamed over it; where that can't be done (a
 * bind mount, as /etc/hosts in a container) it is written in place. The replaced version is kept for rollback unless
 * `backup: false`. Mode and owner that are not given stay as they are, but a secret is closed to others; a new file
 * gets 0644, a secret one 0600, and belongs to who writes it. A file whose content holds a secret of the run is one,
 * unless `secret: false` says that others may read it.
 *
 * Facts: one path with its checksum, and its content when it differs and a diff is shown. A change: the checksum, the
 * mode or the owner differs. Refused: the path is a directory, its directory is missing, or it may not be read. Source:
 * Ansible's `copy` and `template`.
 */
export const file = defineTask<FileArgs>({
  name: 'file',
  title: args => `file ${args.path}`,
  check: args => [
    ...checkInstall(args),
    ...(args.source === undefined ? [] : localProblems('source', args.source)),
    ...(args.content === undefined && args.source === undefined ? ['content or source is needed'] : []),
    ...(args.content !== undefined && args.source !== undefined ? ["content and source can't both be given"] : []),
  ],
  unseen: ['content', 'source'],
  opens: (args, isSecret) => opensSecret(args, args.content, isSecret),
  facts: (args, context) => [
    ...installFacts(args.path, wanted(args), diffed(args, context)),
    ...factsOf<string | Uint8Array>(args.content),
  ],
  plan: (args, facts, context) => {
    const value =
      args.source === undefined ? resolved<string | Uint8Array>(args.content, facts) : localSource(args.source)
    const content = typeof value === 'string' ? Buffer.from(value) : value
    const fact = facts.get(installFact(args.path, wanted(args), diffed(args, context)))
    const secret = isSecretFile(args.secret, content, context)
    if (secret && isOpen(args.mode))
      return { summary: 'cannot be written', apply: raw(':'), refused: openMessage(args.mode) }
    return planInstall({ ...args, secret, ...closed({ ...args, secret }, fact), content }, fact, facts, context)
  },
})

/** The mode of a secret whose mode is not given: what is there, without what it allows to others. */
function closed({ secret, mode }: FileArgs, fact: PathFact): Pick<Owned, 'mode'> {
  const entry = followed(fact)
  if (!secret || mode !== undefined || entry.type !== 'file') return {}
  return { mode: (Number.parseInt(entry.mode, 8) & 0o7700).toString(8).padStart(4, '0') }
}

const largestDiff = 256 * 1024

const wanted = (args: FileArgs) => (args.source === undefined ? args.content : localSource(args.source))

/** Whether the old content is asked for where it differs. */
const diffed = (args: FileArgs, { diff }: Pick<PlanContext, 'diff'>): boolean =>
  diff && !args.secret && (args.source === undefined || localSource(args.source).size <= largestDiff)
