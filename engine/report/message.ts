import type { Outcome, RunEvent, Shown } from '../journal/index.ts'

/** What a webhook is told. `text` is for people, as Slack shows it; all else is for programs. */
export interface Message {
  readonly text: string
  readonly event: 'started' | 'batchDone' | 'stopped' | 'finished'
  readonly run: string
  readonly playbook: string
  readonly check: boolean
  /** When it happened, in UTC. */
  readonly at: string
  readonly user?: string
  readonly machine?: string
  readonly play?: string
  readonly batch?: { readonly number: number; readonly of: number }
  /** How many hosts by outcome: of the batch, or of the run. */
  readonly outcomes?: Readonly<Partial<Record<Outcome, number>>>
  /** Those that failed or were not reached, fifty at the most. */
  readonly failed?: readonly string[]
  /** Why it was stopped. */
  readonly reason?: string
  readonly exitCode?: number
  readonly seconds?: number
}

const mostNames = 50

/** Makes messages of the events of a run, made printable: of most there is none. */
export function messages(now: () => Date = () => new Date()): (event: Shown<RunEvent>) => Message | undefined {
  let about: Pick<Message, 'run' | 'playbook' | 'check' | 'user' | 'machine'> = { run: '', playbook: '', check: false }
  let batch: Batch | undefined
  const made = (event: Message['event'], said: string, more: Partial<Message> = {}): Message => {
    const name = `${about.playbook}${about.check ? ' (check mode)' : ''}`
    return { text: forSlack(`${name}: ${said}`), event, ...about, at: now().toISOString(), ...more }
  }
  return event => {
    switch (event.kind) {
      case 'runStarted': {
        const { run, playbook, check, asked } = event
        about = { run, playbook, check, ...(asked && { user: asked.user, machine: asked.machine }) }
        const by = asked ? ` by ${asked.user} on ${asked.machine}` : ''
        const plays = asked?.plays.map(({ play, hosts }) => `${play} (${hostsText(hosts)})`).join(', ')
        return made('started', `started${by}${plays ? `: ${plays}` : ''}`)
      }
      case 'batchStarted': {
        const { play, number, of, hosts } = event
        batch = { play, number, of, open: new Set(hosts), done: [] }
        return undefined
      }
      case 'hostFinished': {
        if (!batch?.open.delete(event.host)) return undefined
        batch.done.push(event)
        if (batch.open.size > 0) return undefined
        const { play, number, of, done } = batch
        batch = undefined
        const sums = sumsOf(done)
        return made('batchDone', `${play}: batch ${number} of ${of} is done: ${sumText(sums)}`, {
          play,
          batch: { number, of },
          ...sums,
        })
      }
      case 'stopped':
        return made('stopped', `stopped: ${event.reason}`, { reason: event.reason })
      case 'runFinished': {
        const { exitCode, seconds, hosts } = event
        const sums = sumsOf(hosts)
        const how = exitCode === 0 ? 'ended well' : `ended with exit code ${exitCode}`
        return made('finished', `${how} after ${seconds.toFixed(0)} s: ${sumText(sums)}`, {
          exitCode,
          seconds,
          ...sums,
        })
      }
      default:
        return undefined
    }
  }
}

interface Batch {
  readonly play: string
  readonly number: number
  readonly of: number
  readonly open: Set<string>
  readonly done: Ended[]
}

interface Ended {
  readonly host: string
  readonly outcome: Outcome
}

type Sums = Required<Pick<Message, 'outcomes' | 'failed'>>

function sumsOf(hosts: readonly Ended[]): Sums {
  const outcomes: Partial<Record<Outcome, number>> = {}
  for (const { outcome } of hosts) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  const failed = hosts
    .filter(({ outcome }) => outcome === 'failed' || outcome === 'unreachable')
    .map(({ host }) => host)
  return { outcomes, failed: failed.slice(0, mostNames) }
}

const sumText = ({ outcomes, failed }: Sums): string => {
  const counts = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`)
  return `${counts.join(', ') || 'no host'}${failed.length > 0 ? ` (${failed.slice(0, 5).join(', ')}${failed.length > 5 ? ', …' : ''})` : ''}`
}

const hostsText = (count: number): string => (count === 1 ? '1 host' : `${count} hosts`)

/** What Slack takes for its own marks: a host that says `<!channel>` calls nobody. */
const forSlack = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
