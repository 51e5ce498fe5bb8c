import { isIP } from 'node:net'
import { canonicalAddress } from '../lib/cluster/address.ts'
import { marker } from './block.ts'

const begin = `${marker.replace('{mark}', 'BEGIN')}\n`
const end = marker.replace('{mark}', 'END')

/**
 * The block for a hosts file that may have one already. Lines of it that are right stay as they are and where they are,
 * those that lack come after them, others go. Right is a line that is wanted, and that of a wanted host's address of
 * the other family, which kubespray writes where the cluster has both. So a block in another order, or with blanks at
 * the ends of lines, is left alone.
 *
 * The line of the balancer, with which `block` ends where there is one, is not written where the file has it outside of
 * the block: kubespray writes it there.
 *
 * @param text the hosts file; nothing where it is not known
 */
export function blockFor(text: string | undefined, block: string, balancer: string | undefined): string {
  if (text === undefined || block === '') return block
  const from = text.lastIndexOf(begin)
  const to = text.lastIndexOf(end)
  const hasBlock = from >= 0 && to > from
  const present = hasBlock ? text.slice(from + begin.length, to) : ''
  if (present === `${block}\n`) return block
  const outside = hasBlock ? `${text.slice(0, from)}\n${text.slice(to)}` : text
  const isElsewhere = balancer !== undefined && outside.split('\n').some(line => normal(line) === normal(balancer))
  const wanted = isElsewhere ? block.slice(0, -balancer.length).trimEnd() : block
  return mended(present, wanted)
}

/** A cluster's hosts have the same block, old and new: worked out once for all that follow each other. */
function mended(present: string, wanted: string): string {
  if (last?.present !== present || last.wanted !== wanted)
    last = { present, wanted, block: mendedText(present, wanted.split('\n')) }
  return last.block
}

// Memory of a pure function.
let last: { readonly present: string; readonly wanted: string; readonly block: string } | undefined

function mendedText(present: string, wanted: readonly string[]): string {
  const byNames = new Map(wanted.map(line => [namesIn(line), line]))
  const kept = present.split(/\r?\n/).filter(line => isRight(line, byNames.get(namesIn(line))))
  const there = new Set(kept.map(normal))
  return [...kept, ...wanted.filter(line => !there.has(normal(line)))].join('\n')
}

/** Whether a line says the same as that of the same names, or an address of the other family. */
function isRight(line: string, wanted: string | undefined): boolean {
  if (wanted === undefined) return false
  const [family, other] = [isIP(addressIn(line)), isIP(addressIn(wanted))]
  return family === other ? normal(line) === normal(wanted) : family !== 0 && !hasZone(addressIn(line))
}

const words = (line: string): readonly string[] => line.replace(/#.*/, '').trim().split(/\s+/)
const addressIn = (line: string): string => words(line)[0] ?? ''
const namesIn = (line: string): string => words(line).slice(1).join(' ')

const normal = (line: string): string => {
  const address = addressIn(line)
  return `${hasZone(address) ? address : canonicalAddress(address)} ${namesIn(line)}`
}

/** Such an address is of one host's own link, and none of a cluster's. */
const hasZone = (address: string): boolean => address.includes('%')
