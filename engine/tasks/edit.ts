import type { FactRequest, Facts } from '../facts/index.ts'
import { bytesOf, followed, type PathEntry, type PathFact } from '../facts/index.ts'
import { RegexpError } from '../regexp/index.ts'
import { raw, type Shell, sh } from '../shell/index.ts'
import type { Edited } from './edit-block.ts'
import { cannotInstall, editFact, type InstallOptions, planInstall, textOf } from './install.ts'
import { sha256 } from './local.ts'
import { isKept, linkProblem, placeOf } from './place.ts'
import type { Change, PlanContext } from './task.ts'

/** What the tasks that change a part of a file accept. */
export interface EditOptions extends InstallOptions {
  /** Make the file when it does not exist; default false. */
  readonly create?: boolean
}

/** Change that makes the file's text what `edit` gives, or nothing. `nothingToRemove`: a missing file is as wanted. */
export function planEdit(
  args: EditOptions,
  facts: Facts,
  context: PlanContext,
  edit: (text: string) => Edited,
  nothingToRemove: boolean,
): Change | undefined {
  const fact = facts.get(editFact(args.path))
  const entry = followed(fact)
  const refuse = (reason: string): Change => ({ summary: 'cannot be edited', apply: raw(':'), refused: reason })
  const refused = linkProblem(args.path, fact) ?? cannotInstall(args.path, fact, facts, context)
  if (refused !== undefined && !(entry.type === 'absent' && nothingToRemove)) return refuse(refused)
  if (entry.type === 'absent') {
    if (nothingToRemove) return undefined
    if (!args.create && !context.changed) return refuse(`${args.path} does not exist: create: true makes it`)
    // An earlier change (a package) may bring the file; what it then holds is seen by the verify, whose pass edits it.
    if (!args.create) return { summary: 'edited once it exists', apply: raw(':') }
  }
  const bytes = entry.type === 'absent' ? new Uint8Array() : bytesOf(fact)
  if (bytes === undefined) return refuse(`${args.path} is larger than 1 MiB: too large to be edited`)
  const text = textOf(bytes)
  if (text === undefined) return refuse(`${args.path} is not a text in UTF-8`)
  const edited = attempt(() => edit(text))
  if ('problem' in edited) return refuse(`${args.path}: ${edited.problem}`)
  const content = Buffer.from(edited.text)
  const change = planInstall({ ...args, content }, fact, facts, context)
  if (change === undefined) return undefined
  return {
    ...change,
    apply: sh`${unchanged(args.path, fact)}\n${change.apply}`,
    leaves: [leaves(args, fact, content)],
  }
}

/** A pattern that takes too long on what the host has written there. */
function attempt(edit: () => Edited): Edited {
  try {
    return edit()
  } catch (error) {
    if (error instanceof RegexpError) return { problem: error.message }
    throw error
  }
}

// Somebody may have changed the file since the probe (an earlier task, a person): then the pass after the verify does
// the edit.
function unchanged(path: string, fact: PathFact): Shell {
  const entry = followed(fact)
  const late = sh`{ printf '%s\n' ${`${path} has changed since it was read: edited in the next pass`}; exit 0; }`
  if (entry.type === 'absent') return sh`[ ! -e ${path} ] || ${late}`
  const sum = 'sha256' in entry ? (entry.sha256 ?? '') : ''
  const place = placeOf(path, fact, true)
  // What the probe read, somebody else may have led elsewhere for that moment.
  return isKept(entry)
    ? sh`case $(sha256sum < ${place}) in ${sum}*) ;; *) ${late} ;; esac`
    : sh`rota_read ${place} >"$ROTA_TMP/read"
case $(sha256sum <"$ROTA_TMP/read") in ${sum}*) ;; *) ${late} ;; esac`
}

const newFile = { owner: '', group: '', uid: 0, gid: 0, size: 0, modified: 0 } as const

function leaves(args: EditOptions, fact: PathFact, content: Uint8Array): readonly [FactRequest, PathFact] {
  const entry = followed(fact)
  const before: PathEntry =
    entry.type === 'absent' || entry.type === 'unknown'
      ? { ...newFile, ...(entry.type === 'absent' ? entry : {}), type: 'file', mode: args.mode ?? '0644' }
      : entry
  const after: PathEntry = {
    ...before,
    mode: args.mode ?? before.mode,
    owner: args.owner ?? before.owner,
    group: args.group ?? before.group,
    size: content.byteLength,
    sha256: sha256(content),
    content: { base64: Buffer.from(content).toString('base64') },
  }
  return [editFact(args.path), fact.type === 'link' ? { ...fact, to: after } : after]
}
