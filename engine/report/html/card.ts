import type { Alike } from '../alike.ts'
import { whoIn } from '../hosts.ts'
import type { Item } from '../past/item.ts'
import { type Html, html } from './markup.ts'
import type { Room } from './room.ts'

/** Lines of a difference or of an output that a page shows. */
const mostLines = 400
const mostCharacters = 20_000

/** What is told of hosts, each once: cards in a list, as far as there is room. */
export function cards(items: readonly Alike<Item>[], place: ReadonlyMap<string, number>, room: Room): Html {
  // What is true of many has room before what is true of one.
  const first = [...items].sort((a, b) => b.hosts.size - a.hosts.size)
  const made = new Map(
    first.map(item => {
      const sizes = ['whole', 'short'] as const
      return [item, room.take(...sizes.map(size => () => card(item, place, size)))]
    }),
  )
  return html`<ol class="cards">${items.flatMap(item => made.get(item) ?? [])}</ol>`
}

/** How much had no room. */
export function notTold(room: Room): Html | undefined {
  const count = room.leftOut()
  if (count === 0) return undefined
  return html`<p class="hint">For ${count} more there is no room in a page: they are in the journal.</p>`
}

function card({ said, hosts }: Alike<Item>, place: ReadonlyMap<string, number>, size: 'whole' | 'short'): Html {
  const { sort, badge, what, why, hint, diff, output } = said
  const names = [...hosts].filter(name => name !== '')
  const places = rangesOf(names.flatMap(name => place.get(name) ?? []))
  return html`<li class="card ${sort}" data-sort="${sort}" data-hosts="${places}">
<p><span class="badge">${badge}</span> <span class="what">${what}</span>${who(names)}</p>
${why ? html`<p class="why">${why}</p>` : undefined}${hint ? html`<p class="hint">${hint}</p>` : undefined}
${size === 'whole' ? [...(diff ? [folded(diff)] : []), ...(output ? [printed(output, sort)] : [])] : missing(said)}</li>
`
}

/** The script of the page puts names of hosts that are too many for a line below their number. */
function who(names: readonly string[]): Html | undefined {
  if (names.length === 0) return undefined
  const { who: text, below } = whoIn(names)
  if (below.length === 0) return html` <span class="who">on ${text}</span>`
  return html` <details class="who"><summary>on ${text}</summary><p class="names"></p></details>`
}

function folded(diff: readonly string[]): Html {
  const [from = '', to = '', ...lines] = diff
  const added = lines.filter(line => line.startsWith('+')).length
  const removed = lines.filter(line => line.startsWith('-')).length
  const { kept, more } = bounded(lines)
  return html`<details class="diff"><summary>Difference: <span class="plus">+${added}</span> <span class="minus">−${removed}</span></summary>
<pre tabindex="0" aria-label="difference">${from}
${to}
${kept.map(diffLine)}${more}</pre></details>`
}

function diffLine(line: string): Html {
  if (line.startsWith('+'))
    return html`<ins>${line}</ins>
`
  if (line.startsWith('-'))
    return html`<del>${line}</del>
`
  if (line.startsWith('@@'))
    return html`<b>${line}</b>
`
  return html`${line}
`
}

function printed(output: string, sort: Item['sort']): Html {
  const { kept, more } = bounded(output.trimEnd().split('\n'))
  const text = html`<pre tabindex="0" aria-label="output">${kept.join('\n')}${more && `\n${more}`}</pre>`
  return sort === 'failed' ? text : html`<details class="output"><summary>Output</summary>${text}</details>`
}

function missing({ diff, output }: Item): Html | undefined {
  const what = [diff && 'difference', output && 'output'].filter(Boolean).join(' and ')
  return what ? html`<p class="hint">No room for its ${what} here: it is in the journal.</p>` : undefined
}

function bounded(lines: readonly string[]): { readonly kept: readonly string[]; readonly more: string | undefined } {
  const kept: string[] = []
  let left = mostCharacters
  for (const line of lines.slice(0, mostLines)) {
    if (left < 0) break
    kept.push(line.length > left ? `${line.slice(0, left)}…` : line)
    left -= line.length + 1
  }
  const more = lines.length - kept.length
  return { kept, more: more > 0 ? `… ${more} more ${more === 1 ? 'line' : 'lines'}, in the journal` : undefined }
}

/** `0-4,7`: places of hosts, ascending. */
export function rangesOf(places: readonly number[]): string {
  const ranges: [number, number][] = []
  for (const at of [...places].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last && last[1] === at - 1) last[1] = at
    else ranges.push([at, at])
  }
  return ranges.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(',')
}
