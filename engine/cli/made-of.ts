import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { OnRead } from '../files/index.ts'
import type { Digest } from '../journal/index.ts'
import { builtFrom, root } from '../load/ready.mjs'
import { isPackage } from '../load/sources.mjs'
import { findConfig } from './config/find.ts'

/** The checksum of what a file holds. */
export type SumOf = (content: string | Uint8Array) => string

/** What an inventory was read from: files, and what scripts have printed. */
export interface Reads {
  readonly add: OnRead
  readonly digests: (sumOf?: SumOf) => readonly Digest[]
}

export function readsOf(): Reads {
  const files = new Set<string>()
  const printed = new Map<string, string>()
  return {
    add: (what, text) => void (text === undefined ? files.add(what) : printed.set(what, text)),
    digests: (sumOf = sum) => [
      ...[...files].flatMap(path => digestOf(path, path, sumOf)),
      ...[...printed].map(([path, text]) => ({ path, digest: sumOf(text) })),
      ...configFile().flatMap(path => digestOf(path, path, sumOf)),
    ],
  }
}

const configFile = (): readonly string[] =>
  [findConfig({ cwd: process.cwd(), env: process.env }).file?.path ?? []].flat()

/**
 * The playbook's file and all that it imports by a relative path, and Rota itself. What a role reads when it runs (the
 * source of a file, a template) is seen on the hosts instead.
 */
export function codeOf(playbook: string, sumOf: SumOf = sum): readonly Digest[] {
  const found = new Map<string, Digest>()
  const visit = (file: string) => {
    const path = relative(process.cwd(), file)
    const [digest] = found.has(path) ? [] : digestOf(file, path, sumOf)
    if (digest === undefined) return
    found.set(path, digest)
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(imported))
      visit(sourceOf(join(dirname(file), name)))
  }
  visit(playbook)
  const built = builtFrom()
  return [...found.values(), ...(built === undefined ? [] : [{ path: ownName, digest: built }])]
}

/**
 * The same of all that Rota and its roles are made of, as it is on disk: known also where there is no build of it.
 */
export function ownCode(): Digest {
  const folders = isPackage ? ['dist'] : ['engine', 'roles']
  const hash = createHash('sha256')
  for (const folder of folders)
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).sort()) {
      const path = join(root, folder, file)
      if (statSync(path).isFile()) hash.update(`${folder}/${file}\0`).update(readFileSync(path))
    }
  return { path: ownName, digest: hash.digest('hex') }
}

export const ownName = "Rota's own code"

/** Too much is found rather than too little: what is no import names no file. */
const imported = /\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"\n]+)['"]/g

/** TypeScript may be imported by the name that it would have as JavaScript. */
const sourceOf = (file: string): string => (existsSync(file) ? file : file.replace(/\.([mc]?)js$/, '.$1ts'))

function digestOf(file: string, path: string, sumOf: SumOf): readonly Digest[] {
  try {
    // A pipe gives what is in it only once, and is waited for.
    return statSync(file).isFile() ? [{ path, digest: sumOf(readFileSync(file)) }] : []
  } catch {
    // It is gone.
    return []
  }
}

export const sum = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')
