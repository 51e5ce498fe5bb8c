import { leftOf } from '../story.ts'
import { type Html, html } from './markup.ts'
import type { Paged } from './paged.ts'

/** What is left of a run that did not end well, and how to go on with it. */
export function left({ story, state }: Paged): Html {
  const { open, later, goOn } = leftOf({ story, state })
  if (open.length + later.length === 0) return html``
  return html`<section aria-labelledby="left-head"><h2 id="left-head">What is left</h2><ul>${open.map(
    ({ play, hosts }) =>
      html`<li>${play}: ${hosts.length > 30 ? `${hosts.slice(0, 30).join(', ')} and ${hosts.length - 30} more` : hosts.join(', ')}</li>`,
  )}${later.map(({ play, hosts }) => html`<li>${play}: ${hosts === 1 ? '1 host' : `${hosts} hosts`}</li>`)}</ul>
${goOn === undefined ? undefined : html`<p>Go on with it: <code>${goOn}</code></p>`}</section>`
}

/** What a page is made from. */
export function about({ story }: Paged): Html {
  const { ending, madeOf } = story
  const end =
    ending === 'cut'
      ? html`<p>The journal ends in the midst of a line: what came behind it is not here.</p>`
      : typeof ending === 'object'
        ? html`<p>Line ${ending.damagedAt} of the journal is none of a run: nothing from there on is here.</p>`
        : undefined
  const files = [...(madeOf?.inventory ?? []), ...(madeOf?.code ?? [])].slice(0, 200)
  return html`<section aria-labelledby="about-head"><h2 id="about-head">About this report</h2>
<p>Made from the run's journal, from which secrets are taken out before it is written.</p>${end}
${files.length > 0 ? html`<details><summary>What the run was made of</summary><ul class="files">${files.map(({ path, digest }) => html`<li>${path} <code>${digest.slice(0, 12)}</code></li>`)}</ul></details>` : undefined}</section>`
}
