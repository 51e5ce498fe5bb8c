import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { localSum, type Sum, sumFrom, sumsOf } from 'rota'
import { withV } from '../lib/version.ts'
import type { Program } from './places.ts'

/** Where programs are kept that nobody has laid anywhere. */
export const defaultCache = (): string => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'rota', 'kube')

/** Where a fetched program is: `CACHE/v1.33.4/arm64/kubeadm`. */
export const placeOf = (cache: string, version: string, { name, arch }: Program): string =>
  join(cache, withV(version), arch, name)

/** The places of a program, whichever architecture it is of: as it is fetched, and as an operator lays it. */
const placesOf = (cache: string, version: string, program: Program): readonly string[] => [
  placeOf(cache, version, program),
  join(cache, withV(version), program.name),
]

export interface Found {
  readonly path?: string
  /** Of what is there and not used. */
  readonly notes: readonly string[]
}

/**
 * A program on the control machine, of the right architecture, and with the checksum that is given for it or was left
 * beside it when it was fetched.
 */
export async function findProgram(
  cache: string,
  version: string,
  program: Program,
  given: Sum | undefined,
): Promise<Found> {
  const notes: string[] = []
  for (const path of placesOf(cache, version, program)) {
    if (!isFile(path)) continue
    const other = archIn(path)
    if (other !== undefined && other !== program.arch) continue
    const sum = given ?? recordedSum(path)
    if (sum === 'none') {
      notes.push(`${path} is not used: ${path}.sha256 holds no checksum`)
      continue
    }
    const is = sum && (sum.algorithm === 'sha256' ? localSum(path) : (await sumsOf(path))[sum.algorithm])
    if (is === sum?.hex) return { path, notes }
    notes.push(`${path} is not used: it has the checksum ${is}, not ${sum?.hex}`)
  }
  return { notes }
}

/** Whether there is a program of the name at all, be it the right one or not. */
export function anyProgram(cache: string, version: string, name: string): string | undefined {
  const dir = join(cache, withV(version))
  const archs = existsSync(dir) ? readdirSync(dir).map(arch => join(dir, arch, name)) : []
  return [join(dir, name), ...archs].find(isFile)
}

/** Versions that there is a folder of, as they are named. */
export const versionsIn = (cache: string): readonly string[] =>
  existsSync(cache) ? readdirSync(cache).filter(name => /^v\d+\.\d+\.\d+$/.test(name)) : []

/** `none`: something is left beside it that is no checksum, such as the empty file of a machine that went down. */
const recordedSum = (path: string): Sum | 'none' | undefined =>
  isFile(`${path}.sha256`) ? (sumFrom(readFileSync(`${path}.sha256`, 'utf8')) ?? 'none') : undefined

// Of a path below a file `statSync` throws, also where it is told not to.
const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile()

/** By the number that ELF has for a machine. */
const machines: Readonly<Record<number, string>> = {
  62: 'amd64',
  183: 'arm64',
  40: 'arm',
  21: 'ppc64le',
  22: 's390x',
}

/** What a program was built for; undefined of what is no ELF file, such as a script. */
export function archIn(path: string): string | undefined {
  const head = Buffer.alloc(20)
  const file = openSync(path, 'r')
  try {
    if (readSync(file, head) < head.length || head.readUInt32BE(0) !== 0x7f454c46) return undefined
  } finally {
    closeSync(file)
  }
  const isLittle = head[5] === 1
  const machine = isLittle ? head.readUInt16LE(18) : head.readUInt16BE(18)
  return machines[machine] ?? `machine ${machine}`
}
