import Builder from 'fast-xml-builder'
import type { Shown } from '../journal/index.ts'
import type { HostStory, PlayStory } from '../runs/index.ts'
import { type Past, pastOf } from './past/past.ts'
import type { PlayTold, Span } from './past/told.ts'

/** What a CI system shows of a run: a suite a play, a case a host. */
export const junitOf = async (journal: string): Promise<string> => junitText(await pastOf(journal))

interface Case {
  readonly name: string
  readonly seconds: number
  readonly verdict?: Verdict
  /** What was done. */
  readonly output: string
}

interface Verdict {
  /** The names of elements. `error`: it could not be found out. */
  readonly kind: 'failure' | 'error' | 'skipped'
  readonly message: string
  readonly text?: string
}

export function junitText({ story, told }: Past): string {
  const suites = story.plays.map((play, index) => {
    const cases = casesOf(play, told.plays[index], story.finished !== undefined)
    const from = told.plays[index]?.from ?? 0
    return { name: play.play, cases, started: new Date(Date.parse(story.started) + from * 1000).toISOString() }
  })
  // What is wrong before the first play is of none.
  const before = told.before.filter(({ said }) => said.sort === 'failed').map(({ said }) => aboutNoHost(said))
  const all = [
    ...(before.length > 0 ? [{ name: story.playbook, cases: before, started: story.started }] : []),
    ...suites,
  ]
  const document = {
    '?xml': { '@_version': '1.0', '@_encoding': 'UTF-8' },
    testsuites: {
      '@_name': story.playbook,
      ...counts(all.flatMap(({ cases }) => cases)),
      '@_time': told.seconds.toFixed(3),
      testsuite: all.map(({ name, cases, started }) => ({
        '@_name': name,
        ...counts(cases),
        '@_time': cases.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(3),
        '@_timestamp': started.replace(/\.\d+Z$/, ''),
        testcase: cases.map(one => element(one, name)),
      })),
    },
  }
  const builder = new Builder({
    ignoreAttributes: false,
    suppressEmptyNode: true,
    suppressBooleanAttributes: false,
    attributeValueProcessor: (_, value) => legal(String(value)),
    tagValueProcessor: (_, value) => legal(String(value)),
  })
  return `${builder.build(document)}\n`
}

/** Of what XML 1.0 can't hold the journal's printable text has these left, which no host has reason to say. */
const legal = (text: string): string =>
  text.replace(/[\ufffe\uffff]/g, character => `\\u${character.charCodeAt(0).toString(16)}`)

const counts = (cases: readonly Case[]) => {
  const of = (kind: Verdict['kind']) => cases.filter(({ verdict }) => verdict?.kind === kind).length
  return {
    '@_tests': cases.length,
    '@_failures': of('failure'),
    '@_errors': of('error'),
    '@_skipped': of('skipped'),
  }
}

const element = ({ name, seconds, verdict, output }: Case, play: string) => ({
  '@_name': name,
  '@_classname': play,
  '@_time': seconds.toFixed(3),
  ...(verdict && {
    [verdict.kind]: {
      // A reader of XML makes a blank of a line feed in an attribute.
      '@_message': verdict.message.replaceAll('\n', ' '),
      ...(verdict.kind !== 'skipped' && { '@_type': verdict.kind === 'error' ? 'unreachable' : 'failed' }),
      ...(verdict.text && { '#text': verdict.text }),
    },
  }),
  ...(output && { 'system-out': output }),
})

/** A case a host; and one for whatever else failed there that is not told of a host as a whole. */
function casesOf(play: Shown<PlayStory>, told: PlayTold | undefined, isOver: boolean): readonly Case[] {
  const spans = new Map(told?.spans.map(span => [span.host, span]))
  const failed = (told?.items ?? []).filter(({ said }) => said.sort === 'failed')
  const ofNoHost = failed.filter(({ hosts }) => hosts.has('')).map(({ said }) => aboutNoHost(said))
  const checks = failed
    .filter(({ said }) => said.badge === 'check failed')
    .flatMap(({ said, hosts }) =>
      [...hosts].filter(host => host !== '').map(host => ({ ...aboutNoHost(said), name: `${host}: ${said.what}` })),
    )
  return [...play.hosts.map(host => caseOf(host, spans.get(host.host), isOver)), ...checks, ...ofNoHost]
}

const aboutNoHost = ({ what, why = '', hint }: { what: string; why?: string; hint?: string }): Case => ({
  name: what,
  seconds: 0,
  verdict: { kind: 'failure', message: why, text: [why, hint].filter(Boolean).join('\n') },
  output: '',
})

function caseOf(host: Shown<HostStory>, span: Span | undefined, isOver: boolean): Case {
  const done = host.did.filter(({ status }) => status !== 'failed' && status !== 'not run')
  const verdict = verdictOf(host, isOver)
  return {
    name: host.host,
    seconds: span ? span.to - span.from : 0,
    ...(verdict && { verdict }),
    output: done
      .map(({ role, task, status, summary }) => `${status} ${role}: ${task}${summary ? ` (${summary})` : ''}`)
      .join('\n'),
  }
}

function verdictOf(
  { outcome, message: said, hint, begun, at, out, did }: Shown<HostStory>,
  isOver: boolean,
): Verdict | undefined {
  const message: string = said ?? ''
  if (outcome === 'ok' || outcome === 'changed') return undefined
  if (outcome === 'skipped') return { kind: 'skipped', message: message || 'left out' }
  if (outcome === undefined && !begun) return { kind: 'skipped', message: 'not begun' }
  const printed = did.flatMap(({ status, role, task, output }) =>
    status === 'failed' ? [`FAILED ${role}: ${task}`, ...(output ? [output.trimEnd()] : [])] : [],
  )
  const away = out.length > 0 ? [`not put back: ${out.join(', ')}`] : []
  if (outcome === undefined) {
    const what = isOver ? 'not finished' : 'broken off'
    return {
      kind: 'error',
      message: at ? `${what} in ${at.role}: ${at.task}` : what,
      text: [...printed, ...away].join('\n'),
    }
  }
  const text = [message, ...(hint ? [hint] : []), ...printed, ...away].join('\n')
  return { kind: outcome === 'failed' ? 'failure' : 'error', message, text }
}
