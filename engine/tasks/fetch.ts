import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { followed, path as pathFact } from '../facts/index.ts'
import { largestFetch, longestOutput } from '../program/index.ts'
import { raw, sh, unfinishedName, unfinishedOfTheDead } from '../shell/index.ts'
import { pathProblems } from './checks.ts'
import { sha256 } from './local.ts'
import { isKept, linkProblem, placeOf } from './place.ts'
import { isSecretFile } from './secret.ts'
import { type Change, defineTask } from './task.ts'

export interface FetchArgs {
  /** Absolute path on the host, of a regular file. */
  readonly path: string
  /**
   * Path on the control machine; its directories are made. Put the host's name into it where several hosts are fetched
   * from.
   */
  readonly to: string
  /** A missing file is fine; default false. */
  readonly optional?: boolean
  readonly secret?: boolean
}

/**
 * A file of the host copied to the control machine (mode 0600 when it is a secret, or holds one of the run), for a
 * backup or for another host.
 *
 * Facts: one path with its checksum. Done only when the local copy differs; it changes nothing on the host and is not
 * counted. Refused: it is missing (without `optional`), may not be read, is a link that somebody else could have made,
 * or has more than 256 MiB. Source: Ansible's `fetch` with `flat`.
 */
export const fetch = defineTask<FetchArgs>({
  name: 'fetch',
  title: args => `fetch ${args.path}`,
  check: args => [...pathProblems('path', args.path), ...(args.to === '' ? ['to: is empty'] : [])],
  facts: args => [pathFact({ path: args.path, sha256: true })],
  plan: (args, facts, context): Change | undefined => {
    const fact = facts.get(pathFact({ path: args.path, sha256: true }))
    const entry = followed(fact)
    const refuse = (refused: string): Change => ({ summary: 'cannot be fetched', apply: raw(':'), refused })
    const link = linkProblem(args.path, fact)
    if (link !== undefined) return refuse(link)
    if (entry.type === 'absent') return args.optional ? undefined : refuse(`${args.path} does not exist`)
    if (entry.type === 'unknown') return refuse(entry.reason)
    if (entry.type !== 'file') return refuse(`${args.path} is a ${entry.type}, not a file`)
    if (entry.unreadable) return refuse(`${args.path} may not be read by this user: use become`)
    if (entry.size > largestFetch)
      return refuse(`${args.path} has ${entry.size} bytes: more than ${largestFetch} are not fetched, copy it with scp`)
    if (existsSync(args.to) && sha256(readFileSync(args.to)) === entry.sha256) return undefined
    return {
      summary: `the copy at ${args.to} ${existsSync(args.to) ? 'differs' : 'does not exist'}`,
      effect: 'wait',
      apply: isKept(entry)
        ? sh`base64 < ${placeOf(args.path, fact, true)}`
        : sh`rota_read ${placeOf(args.path, fact, true)} >"$ROTA_TMP/read"
base64 <"$ROTA_TMP/read"`,
      output: base64Length(entry.size),
      received: async output => {
        const content = Buffer.from(output, 'base64')
        if (content.byteLength !== entry.size)
          throw new Error(`${args.path} was cut short: ${content.byteLength} of ${entry.size} bytes`)
        await mkdir(dirname(args.to), { recursive: true })
        const secret = isSecretFile(args.secret, content, context)
        const beside = unfinishedName(`${args.to}.rota`)
        try {
          for (const left of unfinishedOfTheDead(`${args.to}.rota`)) await rm(left, { force: true })
          // One that is there already, a link above all, is not written to.
          await writeFile(beside, content, { flag: 'wx', ...(secret ? { mode: 0o600 } : {}) })
          await rename(beside, args.to)
        } catch (error) {
          await rm(beside, { force: true })
          throw error
        }
      },
    }
  },
})

/** With a line feed after every 76 characters. */
const base64Length = (bytes: number): number =>
  Math.max(longestOutput, Math.ceil(bytes / 3) * 4 + Math.ceil(bytes / 57))
