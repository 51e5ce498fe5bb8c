import { X509Certificate } from 'node:crypto'
import { facts, type HttpFact, type PathFact } from 'rota'
import { reasonToRenewCertificate, type Wish } from '../../lib/pki/index.ts'
import { certificateName, keyName, type PairName, pairNames } from './names.ts'

/** What was read of a master. */
export interface SeenMaster {
  readonly name: string
  /** Nothing where it can't be reached. */
  readonly files: Readonly<Record<string, PathFact>> | undefined
  readonly ready: HttpFact | undefined
}

/** What a file of the directory must be. */
export type Target =
  | { readonly kind: 'copy'; readonly from: string; readonly sha256: string }
  | { readonly kind: 'make'; readonly pair: PairName }
  /** A new certificate for the key that is there. */
  | { readonly kind: 'renew'; readonly pair: PairName; readonly certificate: string; readonly reason: string }

export interface Targets {
  readonly files: Readonly<Record<string, Target>>
  readonly problems: readonly string[]
}

export interface Authority {
  readonly certificate: string
  /** Empty where it is kept elsewhere. */
  readonly key: string
  /** Where it is looked for. */
  readonly path: string
}

/**
 * What the directory must hold, the same on every master: that of the first master that is ready and has a key, or that
 * has one at all; where nobody has any, it is made. A certificate that lacks a name, expires, or is of another
 * authority is made anew for its key.
 */
export function targetsFor(options: {
  readonly masters: readonly SeenMaster[]
  readonly tables: readonly string[]
  readonly wishes: Readonly<Record<PairName, Wish>>
  readonly authority: Authority
  readonly dir: string
  readonly now: Date
}): Targets {
  const { masters, tables, wishes, authority, dir, now } = options
  const source = sourceOf(masters)
  const problems = [...foreignAuthorities(masters, authority, dir), ...nobodyToAsk(masters, source, dir)]
  const files: Record<string, Target> = {}
  for (const pair of pairNames) {
    const [certificate, key] = [certificateName(pair), keyName(pair)]
    const pem = textOf(source?.files?.[certificate])
    const keySum = sumOf(source?.files?.[key])
    if (source === undefined || pem === undefined || keySum === undefined) {
      files[certificate] = files[key] = { kind: 'make', pair }
      if (authority.key === '') problems.push(`${dir}/${certificate} has to be made, and ${noKey(authority)}`)
      continue
    }
    files[key] = { kind: 'copy', from: source.name, sha256: keySum }
    const reason = renewal(wishes[pair], pem, authority, now)
    files[certificate] =
      reason === undefined
        ? { kind: 'copy', from: source.name, sha256: sumOf(source.files?.[certificate]) ?? '' }
        : { kind: 'renew', pair, certificate: pem, reason }
    if (reason !== undefined && authority.key === '')
      problems.push(`${dir}/${certificate} has to be made anew (${reason}), and ${noKey(authority)}`)
  }
  for (const name of tables) {
    const sum = sumOf(source?.files?.[name])
    if (source !== undefined && sum !== undefined) files[name] = { kind: 'copy', from: source.name, sha256: sum }
  }
  return { files, problems }
}

/** A file that is there. */
export interface Present {
  readonly sha256: string
  readonly mode: string
}

export const presentFiles = (files: Readonly<Record<string, PathFact>>): Readonly<Record<string, Present>> =>
  Object.fromEntries(
    Object.entries(files).flatMap(([name, fact]) => {
      const entry = facts.followed(fact)
      return entry.type === 'file' ? [[name, { sha256: entry.sha256 ?? '', mode: entry.mode }]] : []
    }),
  )

/** Why a host's files are not as they must be: a reason for each. */
export function differences(
  files: Readonly<Record<string, Present>>,
  targets: Targets['files'],
): Readonly<Record<string, string>> {
  const found = Object.entries(targets).map(([name, target]) => [name, difference(files[name], target)] as const)
  return Object.fromEntries(found.flatMap(([name, reason]) => (reason === undefined ? [] : [[name, reason]])))
}

function difference(file: Present | undefined, target: Target): string | undefined {
  if (target.kind === 'renew') return `made anew: ${target.reason}`
  if (target.kind === 'make') return 'is made'
  if (file === undefined) return `copied from ${target.from}`
  if (file.sha256 !== target.sha256) return `differs from ${target.from}`
  return file.mode === '0600' ? undefined : `mode ${file.mode} → 0600`
}

const hasPair = (master: SeenMaster): boolean =>
  sumOf(master.files?.['server.key']) !== undefined && textOf(master.files?.['server.cert']) !== undefined

function sourceOf(masters: readonly SeenMaster[]): SeenMaster | undefined {
  const able = masters.filter(hasPair)
  return able.find(({ ready }) => ready?.type === 'answered' && ready.expected) ?? able[0]
}

/** Another authority than ours would make every client of the cluster distrust its masters. */
const foreignAuthorities = (masters: readonly SeenMaster[], { certificate, path }: Authority, dir: string) =>
  masters.flatMap(({ name, files }) => {
    const pem = textOf(files?.['ca.crt'])
    return pem === undefined || fingerprint(pem) === fingerprint(certificate)
      ? []
      : [
          `${dir}/ca.crt of ${name} is another authority than ${path}.crt: put the cluster's own ca.crt and ca.key in the place of that one`,
        ]
  })

/** Making new credentials where a master that can't be asked may have some would split the cluster. */
function nobodyToAsk(masters: readonly SeenMaster[], source: SeenMaster | undefined, dir: string): readonly string[] {
  const silent = masters.filter(({ files }) => files === undefined).map(({ name }) => name)
  return source === undefined && silent.length > 0
    ? [`no master has ${dir}/server.key, but ${silent.join(', ')} can't be asked`]
    : []
}

const noKey = ({ path }: Authority): string => `the key of its authority, ${path}.key, is not there`

function renewal(wish: Wish, pem: string, authority: Authority, now: Date): string | undefined {
  try {
    return reasonToRenewCertificate(wish, pem, authority.certificate, now)
  } catch {
    return 'it is no certificate'
  }
}

const fingerprint = (pem: string): string => {
  try {
    return new X509Certificate(pem).fingerprint256
  } catch {
    return pem
  }
}

const sumOf = (fact: PathFact | undefined): string | undefined => {
  const entry = fact && facts.followed(fact)
  return entry?.type === 'file' ? entry.sha256 : undefined
}

const textOf = (fact: PathFact | undefined): string | undefined => {
  const bytes = fact && facts.bytesOf(fact)
  return bytes && Buffer.from(bytes).toString()
}
