import type { Alike } from '../alike.ts'
import type { Item } from '../past/item.ts'
import { cards, notTold } from './card.ts'
import { type Html, html } from './markup.ts'
import type { Paged } from './paged.ts'
import { roomOf } from './room.ts'

/** Characters. */
const size = 200_000

/** What failed in all plays, and what was left half-way: the first that a reader looks for. */
export function failures({ told, state, story }: Paged, place: ReadonlyMap<string, number>): Html {
  const room = roomOf(size)
  const ofPlays = told.plays.map(({ play, items }) => ({ play, failed: items.filter(isFailed) }))
  const some = [{ play: 'Before the first play', failed: told.before.filter(isFailed) }, ...ofPlays].filter(
    ({ failed }) => failed.length > 0,
  )
  const half = story.plays.flatMap(({ play, hosts }) =>
    hosts.flatMap(({ host, outcome, begun, at, out }) =>
      begun && (outcome === undefined || out.length > 0)
        ? [{ play, host, at, out, isOpen: outcome === undefined }]
        : [],
    ),
  )
  return html`<section id="failures" aria-labelledby="failures-head"><h2 id="failures-head">What failed</h2>
${some.length === 0 && half.length === 0 ? html`<p>${state === 'goes on' ? 'Nothing so far.' : 'Nothing.'}</p>` : undefined}
${some.map(({ play, failed }) => html`<h3>${play}</h3>${cards(failed, place, room)}`)}
${
  half.length === 0
    ? undefined
    : html`<h3>Left half-way</h3><ul>${half
        .slice(0, 200)
        .map(
          ({ play, host, at, out, isOpen }) =>
            html`<li><strong>${host}</strong> in ${play}${isOpen && at ? `; under way: ${at.role}: ${at.task}` : ''}${out.length > 0 ? `; not put back: ${out.join(', ')}` : ''}</li>`,
        )}</ul>`
}${half.length > 200 ? html`<p>And ${half.length - 200} more.</p>` : undefined}
${told.plays.length === 0 ? html`<p>No play was begun.</p>` : undefined}${notTold(room)}</section>`
}

export const isFailed = ({ said }: Alike<Item>): boolean => said.sort === 'failed'
