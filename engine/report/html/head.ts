import type { Shown } from '../../journal/index.ts'
import type { State, Story } from '../../runs/index.ts'
import { flagWords, outcomeOf, span } from '../story.ts'
import { type Html, html } from './markup.ts'
import type { Paged } from './paged.ts'

/** Which run it was, and what became of it and of its hosts. */
export function head({ story, state, later }: Paged): Html {
  const { asked } = story
  const facts: readonly (readonly [string, Html | string])[] = [
    ['Run', story.run],
    ['When', span(story)],
    ...(asked
      ? ([
          ['Who', `${asked.user} on ${asked.machine}, Rota ${asked.version}`],
          [
            'Command',
            html`<code>${`${asked.file} ${flagWords(asked.flags)}`.trimEnd()}</code>, in <code>${asked.cwd}</code>`,
          ],
          ['Inventory', asked.inventory.join(', ')],
          ...(asked.resumes === undefined ? [] : ([['Goes on with', `run ${asked.resumes}`]] as const)),
          ...(asked.takesBack === undefined ? [] : ([['Takes back', `run ${asked.takesBack}`]] as const)),
        ] as const)
      : ([['Who', 'the journal does not say who started it, and how']] as const)),
    ...later.map(
      ({ run, how, state: became }) =>
        [how === 'takes it back' ? 'Taken back by' : 'Gone on with by', `run ${run}, ${became}`] as const,
    ),
  ]
  return html`<h1>${story.playbook} <span class="badge state ${classOf(state)}">${outcomeOf(story, state)}</span></h1>
<ul class="totals" aria-label="hosts by outcome">${totals(story).map(
    ([name, count]) => html`<li class="${name.replace(' ', '-')}"><strong>${count}</strong> ${name}</li>`,
  )}</ul>
<dl>${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

const classOf = (state: State): string =>
  state === 'ended well' ? 'fine' : state === 'goes on' || state === 'elsewhere' ? 'open' : 'bad'

/** Each host once, by the worst of its plays. */
function totals({ plays }: Shown<Story>): readonly (readonly [string, number])[] {
  const worst = new Map<string, number>()
  for (const { hosts } of plays)
    for (const { host, outcome, begun } of hosts) {
      const how = outcomes.indexOf(outcome ?? (begun ? 'broken off' : 'not begun'))
      worst.set(host, Math.min(how, worst.get(host) ?? how))
    }
  return outcomes.flatMap((name, at) => {
    const count = [...worst.values()].filter(how => how === at).length
    return count > 0 ? [[name, count] as const] : []
  })
}

/** The worst first. */
const outcomes: readonly string[] = ['failed', 'unreachable', 'broken off', 'changed', 'ok', 'skipped', 'not begun']
