import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { OnRead } from '../files/index.ts'
import type { Digest } from '../journal/index.ts'
import { builtFrom } from '../load/ready.mjs'
import { findConfig } from './config/find.ts'

/** What an inventory was read from: files, and what scripts have printed. */
export interface Reads {
  readonly add: OnRead
  readonly digests: () => readonly Digest[]
}

export function readsOf(): Reads {
  const files = new Set<string>()
  const printed = new Map<string, string>()
  return {
    add: (what, text) => void (text === undefined ? files.add(what) : printed.set(what, sum(text))),
    digests: () => [
      ...[...files].flatMap(path => digestOf(path, path)),
      ...[...printed].map(([path, digest]) => ({ path, digest })),
      ...configFile().flatMap(path => digestOf(path, path)),
    ],
  }
}

const configFile = (): readonly string[] =>
  [findConfig({ cwd: process.cwd(), env: process.env }).file?.path ?? []].flat()

/**
 * The playbook's file and all that it imports by a relative path, and Rota itself. What a role reads when it runs (the
 * source of a file, a template) is seen on the hosts instead.
 */
export function codeOf(playbook: string): readonly Digest[] {
  const found = new Map<string, Digest>()
  const visit = (file: string) => {
    const path = relative(process.cwd(), file)
    const [digest] = found.has(path) ? [] : digestOf(file, path)
    if (digest === undefined) return
    found.set(path, digest)
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(imported))
      visit(sourceOf(join(dirname(file), name)))
  }
  visit(playbook)
  const built = builtFrom()
  return [...found.values(), ...(built === undefined ? [] : [{ path: "Rota's own code", digest: built }])]
}

/** Too much is found rather than too little: what is no import names no file. */
const imported = /\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"\n]+)['"]/g

/** TypeScript may be imported by the name that it would have as JavaScript. */
const sourceOf = (file: string): string => (existsSync(file) ? file : file.replace(/\.([mc]?)js$/, '.$1ts'))

function digestOf(file: string, path: string): readonly Digest[] {
  try {
    // A pipe gives what is in it only once, and is waited for.
    return statSync(file).isFile() ? [{ path, digest: sum(readFileSync(file)) }] : []
  } catch {
    // It is gone.
    return []
  }
}

export const sum = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')
