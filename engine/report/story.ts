import type { AskedFlag, Shown } from '../journal/index.ts'
import { continued } from '../journal/index.ts'
import { type HostStory, howToResume, isDone, type PlayStory, type State, type Story } from '../runs/index.ts'
import { gathered, type OfHost } from './alike.ts'
import { marked } from './lines.ts'
import { type Paint, painter, wantsColor } from './paint.ts'

/** A run and what became of it, as it is listed. */
export interface Listed {
  readonly story: Shown<Story>
  readonly state: State
}

/** A line a run: when, who, which playbook, what became of it, which hosts are done and left, how it was started. */
export function runTable(runs: readonly Listed[], paint: Paint = painter(wantsColor())): readonly string[] {
  const head = ['run', 'began, UTC', 'who', 'playbook', 'outcome', 'hosts', 'flags']
  const rows = runs.map(({ story, state }) => [
    story.run,
    minute(story.started),
    story.asked ? `${story.asked.user}@${story.asked.machine}` : '?',
    story.playbook,
    outcomeOf(story, state),
    hostsIn(story),
    story.asked ? flagWords(story.asked.flags) : '?',
  ])
  const widths = head.map((name, column) => Math.max(...[head, ...rows].map(row => (row[column] ?? name).length)))
  const line = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return [
    paint.dim(line(head).trimEnd()),
    ...rows.map((row, index) => colour(paint, runs[index]?.state)(line(row).trimEnd())),
  ]
}

const minute = (at: string): string => at.slice(0, 16).replace('T', ' ')

export const outcomeOf = ({ check, finished }: Shown<Story>, state: State): string => {
  const code = finished && finished.exitCode !== 0 ? ` (${finished.exitCode})` : ''
  return `${state}${code}${check ? ', check mode' : ''}`
}

/** Of one that is over its hosts by outcome; else how far it has come in its last play. */
function hostsIn({ finished, plays, asked }: Shown<Story>): string {
  if (finished) {
    const counts = new Map<string, number>()
    for (const { outcome } of finished.hosts) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    return [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ') || 'none'
  }
  const last = plays.at(-1)
  if (last === undefined) return 'none begun'
  const done = last.hosts.filter(isDone).length
  return `play ${last.number} of ${asked?.plays.length ?? '?'}: ${done} done, ${last.hosts.length - done} left`
}

/** As it would be typed; what was kept out of the journal stands there as such. */
export const flagWords = (flags: readonly Shown<AskedFlag>[]): string =>
  flags
    .map(one => {
      if ('secret' in one) return `${one.flag} (${one.secret.join(', ')}: secret)`
      if (one.value === undefined) return one.flag
      return `${one.flag}=${/^[\w@%+=:,./-]+$/.test(one.value) ? one.value : `'${one.value.replaceAll("'", "'\\''")}'`}`
    })
    .join(' ')

function colour(paint: Paint, state: State | undefined): (text: string) => string {
  if (state === 'ended well') return text => text
  return state === 'goes on' ? paint.cyan : state === 'elsewhere' ? paint.yellow : paint.red
}

/** The story of one run, for who wants to know what was done, what failed and why, and what is left. */
export function storyLines({ story, state }: Listed, paint: Paint = painter(wantsColor())): readonly string[] {
  const { asked, plays, stopped, finished, ending } = story
  const about = asked
    ? [
        `  by ${asked.user} on ${asked.machine}, ${span(story)}, Rota ${asked.version}`,
        `  in ${asked.cwd}: ${asked.file} ${flagWords(asked.flags)}`.trimEnd(),
        `  inventory ${asked.inventory.join(', ')}`,
        ...(asked.resumes === undefined ? [] : [`  went on with run ${asked.resumes}`]),
        ...(asked.takesBack === undefined ? [] : [`  took back run ${asked.takesBack}`]),
      ]
    : [`  ${span(story)}; the journal does not say who started it, and how`]
  return [
    paint.bold(`run ${story.run}: ${story.playbook}, ${outcomeOf(story, state)}`),
    ...about,
    ...plays.flatMap(play => ['', ...playLines(play, asked?.plays.length, finished !== undefined, paint)]),
    ...(stopped === undefined ? [] : ['', paint.red(`stopped: ${stopped}`)]),
    ...(finished?.notRun ?? []).map(({ play, why }) => `${paint.cyan('not run')}: ${play} (${why})`),
    ...leftLines({ story, state }, paint),
    ...(ending === 'cut' ? ['', paint.yellow('the journal ends in the midst of a line')] : []),
    ...(typeof ending === 'object'
      ? ['', paint.yellow(`line ${ending.damagedAt} of the journal is none of a run: nothing from there on is told`)]
      : []),
  ].flatMap(continued)
}

export function span({ started, last }: Shown<Story>): string {
  const seconds = (Date.parse(last) - Date.parse(started)) / 1000
  return `${started.replace(/\.\d+Z$/, 'Z')}, for ${seconds < 120 ? `${seconds.toFixed(1)} s` : `${(seconds / 60).toFixed(0)} min`}`
}

function playLines(
  { play, number, batches, batch, window, hosts }: Shown<PlayStory>,
  of: number | undefined,
  isOver: boolean,
  paint: Paint,
): readonly string[] {
  const place = number > 0 && of !== undefined ? ` (${number} of ${of})` : ''
  const isInWindow = window !== undefined && batch === batches
  const inBatches = isInWindow
    ? paint.dim(`  window of ${window}`)
    : batches > 1
      ? paint.dim(`  batch ${batch} of ${batches}`)
      : ''
  const told = gathered()
  for (const host of hosts) told.add(ofHost(host, isOver, paint))
  return [`${paint.bold(play)}${place}${inBatches}`, ...told.take()]
}

function ofHost(host: Shown<HostStory>, isOver: boolean, paint: Paint): OfHost {
  const done = host.did.filter(({ status }) => status === 'changed' || status === 'would change')
  const failed = host.did.filter(({ status }) => status === 'failed')
  const below = [
    ...done.map(({ role, task, summary }) => `    ${role}: ${task}${summary ? paint.dim(` (${summary})`) : ''}`),
    ...failed.flatMap(({ role, task, summary, output }) => [
      paint.red(`    FAILED ${role}: ${task}${summary ? ` (${summary})` : ''}`),
      ...(output ? marked(output) : []),
    ]),
    ...(host.at ? [paint.yellow(`    under way: ${host.at.role}: ${host.at.task}`)] : []),
    ...(host.out.length > 0 ? [paint.yellow(`    not put back: ${host.out.join(', ')}`)] : []),
    ...(host.hint ? [`    ${host.hint}`] : []),
  ]
  return { host: host.host, head: verdict(host, isOver, paint), below }
}

function verdict({ outcome, begun, message, did }: Shown<HostStory>, isOver: boolean, paint: Paint): string {
  const changes = did.filter(({ status }) => status === 'changed').length
  const why = message ? `: ${message}` : ''
  if (outcome === 'failed' || outcome === 'unreachable') return paint.red(`${outcome}${why}`)
  if (outcome === 'skipped') return paint.cyan(`left out${why}`)
  if (outcome === 'changed') return paint.yellow(`changed, ${changes} ${changes === 1 ? 'change' : 'changes'}`)
  if (outcome === 'ok') return `${paint.green('ok')}, nothing to change`
  if (begun)
    return paint.red(isOver ? 'not finished' : `broken off after ${changes} ${changes === 1 ? 'change' : 'changes'}`)
  return paint.cyan('not begun')
}

/** What is left of a run that is not going on, and did not end well: by play. */
export interface Left {
  readonly open: readonly { readonly play: string; readonly hosts: readonly string[] }[]
  /** Plays that were not begun. */
  readonly later: readonly { readonly play: string; readonly hosts: number }[]
  /** What to type. */
  readonly goOn?: string
}

export function leftOf({ story, state }: Listed): Left {
  const { asked, plays, check } = story
  if (state === 'ended well' || state === 'goes on' || check) return { open: [], later: [] }
  const begun = new Set(plays.map(({ number }) => number))
  return {
    open: plays.flatMap(({ play, hosts }) => {
      const left = hosts.filter(host => !isDone(host)).map(({ host }) => host)
      return left.length > 0 ? [{ play, hosts: left }] : []
    }),
    later: (asked?.plays ?? []).filter(({ hosts }, index) => !begun.has(index + 1) && hosts > 0),
    ...(asked ? { goOn: howToResume(story.run, asked) } : {}),
  }
}

function leftLines(listed: Listed, paint: Paint): readonly string[] {
  const { story, state } = listed
  if (state === 'ended well' || state === 'goes on' || story.check) return []
  const { open, later, goOn } = leftOf(listed)
  return [
    '',
    paint.bold('left'),
    ...open.map(({ play, hosts }) => `  ${play}: ${hosts.join(', ')}`),
    ...later.map(({ play, hosts }) => `  ${play}: ${hosts} ${hosts === 1 ? 'host' : 'hosts'}`),
    ...(goOn === undefined ? [] : ['', `go on with it: ${goOn}`]),
  ]
}
