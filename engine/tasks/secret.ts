import { type LocalSource, localBytes } from './local.ts'
import type { Computed, PlanContext } from './task.ts'
import { isComputed } from './task.ts'

type Content = string | Uint8Array | LocalSource

/** Tells whether a text holds a secret of this run. */
export type IsSecret = (text: string) => boolean

/**
 * A file is a secret when its task says so, or when its content holds one and the task does not say that it may be
 * read.
 */
export const isSecretFile = (said: boolean | undefined, content: Content, context: PlanContext): boolean =>
  said ?? holdsSecret(content, context.isSecret)

/** A local file that is larger is no configuration. */
const largest = 1024 * 1024

export function holdsSecret(content: Content, isSecret: IsSecret = () => false): boolean {
  if (typeof content === 'string') return isSecret(content)
  if (content instanceof Uint8Array) return isSecret(Buffer.from(content).toString())
  return content.size <= largest && isSecret(Buffer.from(localBytes(content)).toString())
}

export const isOpen = (mode: string | undefined): boolean =>
  mode !== undefined && (Number.parseInt(mode, 8) & 0o077) !== 0

/** What is wrong with a mode that opens a secret that nobody has called one. */
export function opensSecret(
  { secret, mode }: { readonly secret?: boolean; readonly mode?: string },
  content: Content | Computed<unknown> | undefined,
  isSecret: IsSecret,
): readonly string[] {
  if (secret !== undefined || !isOpen(mode) || content === undefined || isComputed(content)) return []
  return holdsSecret(content, isSecret) ? [openMessage(mode)] : []
}

/** An edited file keeps its mode, and who may read the rest of it is not for an edit to decide: it has to be said. */
export const opensByEdit = (
  { secret, mode }: { readonly secret?: boolean; readonly mode?: string },
  text: string | Computed<string> | undefined,
  isSecret: IsSecret,
): readonly string[] =>
  secret === undefined && (mode === undefined || isOpen(mode)) && typeof text === 'string' && isSecret(text)
    ? ["mode: a secret is put into a file that others may read: say mode: '0600', or secret: false where they may"]
    : []

export const openMessage = (mode: string | undefined): string =>
  `mode: ${mode} opens a file to others whose content holds a secret: leave it out (0600 then), or say secret: false where they may read it`

/**
 * Arguments that end in the list of processes of the host, which every user there can read, or in the names of files:
 * none may hold a secret. `unseen` are the names of those that do not.
 */
export function seenSecrets(args: object, unseen: readonly string[], isSecret: IsSecret): readonly string[] {
  const found: string[] = []
  for (const name in args) {
    const value: unknown = args[name as never]
    if (!unseen.includes(name) && anyText(value, unseen, isSecret)) found.push(seenMessage(name))
  }
  return found
}

const seenMessage = (name: string): string =>
  `${name}: holds a secret, and what stands there every user of the host can read in the list of processes: hand it over in a file's content, or in stdin or env of a command`

function anyText(value: unknown, unseen: readonly string[], isSecret: IsSecret): boolean {
  if (typeof value === 'string') return isSecret(value)
  if (Array.isArray(value)) return value.some(item => anyText(item, unseen, isSecret)) || isSecret(value.join(' '))
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false
  return Object.entries(value).some(([name, item]) => !unseen.includes(name) && anyText(item, unseen, isSecret))
}
