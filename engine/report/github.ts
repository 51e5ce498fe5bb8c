import type { Alike } from './alike.ts'
import { annotation } from './annotation.ts'
import { hostList } from './hosts.ts'
import type { Item } from './past/item.ts'
import { pastOf } from './past/past.ts'

/** So many of a kind GitHub shows of a step. */
const most = 10

/** What failed in a run, as lines that GitHub Actions makes annotations of: the first ten, in the run's order. */
export async function annotationsOf(journal: string): Promise<readonly string[]> {
  const { told } = await pastOf(journal)
  const all = [
    ...told.before.map(item => ({ item, play: '' })),
    ...told.plays.flatMap(({ play, items }) => items.map(item => ({ item, play }))),
  ].filter(({ item }) => item.said.sort === 'failed')
  const lines = all.map(({ item, play }) => ofFailure(item, play))
  return lines.length > most
    ? [...lines.slice(0, most - 1), annotation(`${lines.length - most + 1} more failures`, {})]
    : lines
}

function ofFailure({ said, hosts }: Alike<Item>, play: string): string {
  const { what, why = '', hint = '', output = '' } = said
  const names = [...hosts].filter(name => name !== '')
  const place = /^(.+):(\d+):(\d+)$/.exec(hint)
  const text = [
    `${names.length > 0 ? `${hostList(names)}: ` : ''}${what}${why ? `: ${why}` : ''}`,
    ...(place ? [] : [hint]),
    output.trimEnd(),
  ]
  const [, file = '', line = '', col = ''] = place ?? []
  return annotation(text.filter(Boolean).join('\n'), {
    ...(place && { file, line, col }),
    ...(play && { title: play }),
  })
}
