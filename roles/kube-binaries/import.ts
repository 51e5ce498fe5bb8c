import { randomBytes } from 'node:crypto'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { messageOf, type Sum, sumFrom, sumsOf } from 'rota'
import { withV } from '../lib/version.ts'
import { archIn, placeOf } from './cache.ts'
import { givenSum, type Origins, type Program } from './places.ts'

/**
 * Where a program may be in a folder that was carried here: as it is in a cache, as the web has it, as kubespray keeps
 * it (`kubeadm-1.33.4-amd64`), and by its name alone.
 */
export function placesIn(folder: string, version: string, { name, arch }: Program): readonly string[] {
  const v = withV(version)
  const web = join('release', v, 'bin/linux', arch, name)
  return [
    join(v, arch, name),
    join(arch, name),
    web,
    join('dl.k8s.io', web),
    `${name}-${v.slice(1)}-${arch}`,
    `${name}-${v}-${arch}`,
    join(v, name),
    name,
  ].map(path => join(folder, path))
}

export type Imported =
  | { readonly kind: 'taken'; readonly from: string; readonly path: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'wrong'; readonly why: string }

/**
 * Takes a program of a folder into the cache, whole or not at all. It must have the checksum that is given for it, or
 * one that lies beside it (`kubeadm.sha256`), and be for the architecture.
 */
export async function importProgram(
  origins: Origins,
  program: Program,
  { folder, cache }: { readonly folder: string; readonly cache: string },
): Promise<Imported> {
  const version = origins.kubeVersion
  const from = placesIn(folder, version, program).find(path => isFile(path) && isFor(path, program))
  if (from === undefined) return { kind: 'absent' }
  const sum = givenSum(origins, program) ?? sumBeside(from)
  if (sum === undefined)
    return {
      kind: 'wrong',
      why: `${from}: its checksum is not known: lay ${basename(from)}.sha256 beside it, or name a checkout of kubespray`,
    }
  const path = placeOf(cache, version, program)
  try {
    mkdirSync(dirname(path), { recursive: true })
    const why = await take(from, path, sum)
    return why === undefined ? { kind: 'taken', from, path } : { kind: 'wrong', why }
  } catch (error) {
    return { kind: 'wrong', why: `${from} can't be taken to ${path}: ${messageOf(error)}` }
  }
}

/** Undefined, or why it is not taken. */
async function take(from: string, path: string, sum: Sum): Promise<string | undefined> {
  const copy = `${path}.${randomBytes(4).toString('hex')}`
  try {
    copyFileSync(from, copy)
    // Of the copy: what lies there may change while it is read.
    const sums = await sumsOf(copy)
    if (sums[sum.algorithm] !== sum.hex) return `${from} has the checksum ${sums[sum.algorithm]}, not ${sum.hex}`
    writeFileSync(`${copy}.sha256`, `${sums.sha256}  ${basename(path)}\n`)
    renameSync(`${copy}.sha256`, `${path}.sha256`)
    chmodSync(copy, 0o644)
    renameSync(copy, path)
    return undefined
  } finally {
    rmSync(copy, { force: true })
    rmSync(`${copy}.sha256`, { force: true })
  }
}

/** A program by its name alone may be for another machine. */
const isFor = (path: string, { arch }: Program): boolean => (archIn(path) ?? arch) === arch

function sumBeside(path: string): Sum | undefined {
  const beside = ['sha256', 'sha512'].map(algorithm => `${path}.${algorithm}`).find(isFile)
  return beside === undefined ? undefined : sumFrom(readFileSync(beside, 'utf8'))
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
