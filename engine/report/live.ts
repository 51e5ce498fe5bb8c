import type { RunEvent, Shown } from '../journal/index.ts'
import { barText } from '../web/index.ts'
import { reportLines } from './lines.ts'
import { painter, wantsColor } from './paint.ts'
import type { ReportOptions, TextReport } from './report.ts'

/** How many hosts at work are shown at once, and how often (milliseconds). */
const shown = 8
const interval = 100

/**
 * For a terminal: the lines of the plain report scroll by, and below them stands what each host is doing now. Redrawn
 * at most ten times a second, whatever the number of events.
 */
export function liveReport(options: ReportOptions, write: (text: string) => void): TextReport {
  const paint = painter(wantsColor())
  const lines = reportLines(options, paint)
  const busy = new Map<string, { readonly what: string; readonly since: number }>()
  let pending: string[] = []
  let drawn = 0
  let isHeld = false
  let timer: { readonly handle: NodeJS.Timeout; readonly at: number } | undefined
  const cancel = () => {
    clearTimeout(timer?.handle)
    timer = undefined
  }
  const draw = (withStatus = true) => {
    cancel()
    if (isHeld) return
    const width = process.stdout.columns || 80
    const working = withStatus ? [...busy] : []
    const status = working
      .slice(0, shown)
      .map(([host, { what, since }]) => clip(`  ${host}: ${what} ${seconds(since)}`, width))
    if (working.length > shown) status.push(`  and ${working.length - shown} more hosts`)
    const erase = drawn > 0 ? `\x1b[${drawn}A\x1b[J` : ''
    write(erase + pending.map(line => `${line}\n`).join('') + status.map(line => `${paint.dim(line)}\n`).join(''))
    pending = []
    drawn = status.length
    if (working.length > 0) later(1000)
  }
  // A play may have more lines than a function takes arguments.
  const add = (more: readonly string[]) => {
    for (const line of more) pending.push(line)
  }
  const later = (wait: number) => {
    const at = Date.now() + wait
    if (timer && timer.at <= at) return
    cancel()
    timer = { handle: setTimeout(() => draw(), wait).unref(), at }
  }
  return {
    event: event => {
      follow(busy, event)
      add(lines.of(event))
      if (event.kind === 'runFinished') draw()
      else later(interval)
    },
    hold: () => {
      draw(false)
      isHeld = true
      return {
        goOn: () => {
          isHeld = false
          draw()
        },
      }
    },
    close: journal => {
      isHeld = false
      busy.clear()
      add([...lines.rest(), paint.dim(`journal: ${journal}`)])
      draw()
    },
  }
}

/** Keeps track of what each host is doing. */
function follow(busy: Map<string, { what: string; since: number }>, event: Shown<RunEvent>): void {
  if (event.kind === 'hostStarted') busy.set(event.host, { what: 'starts', since: Date.now() })
  if (event.kind === 'taskStarted') busy.set(event.host, { what: event.task, since: Date.now() })
  if (event.kind === 'gate' && event.status === 'waiting')
    busy.set(event.host ?? `gate ${event.gate}`, {
      what: `waiting: expected ${event.expected}, saw ${event.saw}`,
      since: Date.now() - (event.seconds ?? 0) * 1000,
    })
  // What is served is asked once a host has come to its end: nothing else takes it away.
  else if (event.kind === 'gate' && event.from !== undefined) busy.delete(event.host ?? `gate ${event.gate}`)
  if (event.kind === 'around' && event.status === 'started')
    busy.set(event.host, { what: event.name, since: Date.now() })
  if (event.kind === 'pause') {
    const key = `pause before ${event.before}`
    if (event.status === 'ended') busy.delete(key)
    else busy.set(key, { what: `${event.seconds} s:`, since: Date.now() })
  }
  if (event.kind === 'progress') {
    if (event.ended) busy.delete(event.what)
    else
      busy.set(event.what, { what: barText(event.done, event.total), since: busy.get(event.what)?.since ?? Date.now() })
  }
  if (event.kind === 'hostFinished') busy.delete(event.host)
  if (event.kind === 'runFinished') busy.clear()
}

/**
 * One line that takes less than the width, whatever it is made of: what is no ASCII is taken for two columns, which is
 * the most that a character has. A line that the terminal breaks in two would not be erased.
 */
export function clip(text: string, width: number): string {
  let left = width - 1
  let line = ''
  for (const character of text.replace(/\s/g, ' ')) {
    left -= character > '~' ? 2 : 1
    if (left < 1) return `${line}…`
    line += character
  }
  return line
}

const seconds = (since: number): string => {
  const passed = Math.round((Date.now() - since) / 1000)
  return passed > 0 ? `${passed} s` : ''
}
