import type { Item } from '../past/item.ts'
import type { PlayTold, Told } from '../past/told.ts'
import { cards, notTold } from './card.ts'
import { isFailed } from './failures.ts'
import { type Html, html } from './markup.ts'
import { type Room, roomOf } from './room.ts'

/** Characters. */
const sizes = { before: 50_000, plays: 400_000 }

/** Play by play what was changed, warned of, and said. */
export function plays(told: Told, place: ReadonlyMap<string, number>): Html {
  const before = told.before.filter(item => !isFailed(item))
  const isDiffMissing = !told.diff && told.plays.some(({ items }) => items.some(({ said }) => said.sort === 'changed'))
  const ofBefore = roomOf(sizes.before)
  let left = sizes.plays
  return html`<section id="plays" aria-labelledby="plays-head"><h2 id="plays-head">What was done</h2>
${isDiffMissing ? html`<p class="hint">Without --diff a run has no differences of files in its journal.</p>` : undefined}
${before.length > 0 ? html`<h3>Before the first play</h3>${cards(before, place, ofBefore)}${notTold(ofBefore)}` : undefined}
${told.plays.map((play, index) => {
  // No play takes the room of those behind it; what it leaves is theirs.
  const share = Math.floor(left / (told.plays.length - index))
  const room = roomOf(share)
  const made = playSection(play, place, room)
  left -= share - room.left()
  return made
})}</section>`
}

/** What changed comes first, then what was warned of. */
const order: readonly Item['sort'][] = ['changed', 'warning', 'other']

function playSection(play: PlayTold, place: ReadonlyMap<string, number>, room: Room): Html {
  const { hosts, from, to, items, portions, number } = play
  const failed = items.filter(isFailed).length
  const sorted = order.flatMap(sort => items.filter(({ said }) => said.sort === sort))
  return html`<section class="play"><h3>${number > 0 ? `${number}. ` : ''}${play.play}</h3>
<p class="hint">${hosts.length === 1 ? '1 host' : `${hosts.length} hosts`}, ${(to - from).toFixed(1)} s, from ${from.toFixed(1)} s on${failed > 0 ? html`; <a href="#failures">what failed is above</a>` : undefined}</p>
${portions.length > 1 ? batches(portions) : undefined}${cards(sorted, place, room)}${notTold(room)}</section>`
}

const mostBatches = 100

const batches = (portions: PlayTold['portions']): Html =>
  html`<details class="batches"><summary>${portions.length} batches</summary><ol>${portions
    .slice(0, mostBatches)
    .map(
      ({ name, from, hosts }) =>
        html`<li>${name}, from ${from.toFixed(1)} s on: ${hosts.length > 12 ? `${hosts.length} hosts` : hosts.join(', ')}</li>`,
    )}</ol>${portions.length > mostBatches ? html`<p>And ${portions.length - mostBatches} more.</p>` : undefined}</details>`
