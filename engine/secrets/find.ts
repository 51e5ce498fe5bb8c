import type { Forms } from './forms.ts'
import { shortest } from './forms.ts'
import { asItStands, dense, type Range, readable, type View } from './views.ts'

/**
 * Where any of many texts stands in a text, overlapping ones too. Takes time by the length of the text, hardly by their
 * number.
 */
export type Find = (text: string) => readonly Range[]

/** All places of secrets in a text, joined where they touch, in order. */
export function finder(forms: readonly Forms[]): Find {
  const written = searcher(forms.flatMap(form => form.written))
  const read = searcher(forms.flatMap(form => form.read))
  const encoded = searcher(forms.flatMap(form => form.encoded))
  return text => {
    if (text.length < shortest) return []
    const meant = readable(text)
    const found = [
      ...written(asItStands(text)),
      ...read(meant),
      // Without a word that is long enough there is nothing encoded.
      ...(mayBeEncoded.test(meant.text) ? encoded(dense(meant)) : []),
    ]
    return found.length > 1 ? joined(found) : found
  }
}

const mayBeEncoded = /[\w+/:-]{4}/

const bits = 18

/**
 * What begins with the same four characters is compared, where those stand: a table of bits says so for nearly every
 * place at once.
 */
function searcher(texts: readonly string[]): (view: View) => readonly Range[] {
  const table = new Uint8Array(1 << bits)
  const byHead = new Map<string, string[]>()
  for (const text of new Set(texts)) {
    const head = text.slice(0, shortest)
    const list = byHead.get(head)
    if (list) list.push(text)
    else byHead.set(head, [text])
    table[hashAt(text, 0)] = 1
  }
  for (const list of byHead.values()) list.sort((a, b) => b.length - a.length)
  if (byHead.size === 0) return () => []
  return ({ text, place }) => {
    const found: Range[] = []
    let a = 0
    let b = text.charCodeAt(0)
    let c = text.charCodeAt(1)
    let d = text.charCodeAt(2)
    for (let index = 0, last = text.length - shortest; index <= last; index += 1) {
      a = b
      b = c
      c = d
      d = text.charCodeAt(index + 3)
      if (table[hash(a, b, c, d)] === 0) continue
      const hit = byHead.get(text.slice(index, index + shortest))?.find(one => text.startsWith(one, index))
      if (hit !== undefined) found.push(place(index, index + hit.length))
    }
    return found
  }
}

const hash = (a: number, b: number, c: number, d: number): number =>
  Math.imul(a ^ (b << 8) ^ (c << 16) ^ (d << 24) ^ (d >>> 8), 0x9e3779b1) >>> (32 - bits)

const hashAt = (text: string, index: number): number =>
  hash(text.charCodeAt(index), text.charCodeAt(index + 1), text.charCodeAt(index + 2), text.charCodeAt(index + 3))

function joined(ranges: readonly Range[]): readonly Range[] {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0])
  const result: [number, number][] = []
  for (const [start, end] of sorted) {
    const last = result.at(-1)
    if (last && start <= last[1]) last[1] = Math.max(last[1], end)
    else result.push([start, end])
  }
  return result
}
