import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { RunEvent } from '../journal/index.ts'

/** An event and when it happened. */
export type Journaled = RunEvent & { readonly at: string }

/**
 * How a journal ends: whole; in the midst of a line, as a killed process or a full disk leaves it; or there is a line
 * before its last that is none of ours, from which on nothing of it is believed.
 */
export type Ending = 'whole' | 'cut' | { readonly damagedAt: number }

/** Takes a journal line by line, and hands on what is in it up to the first line that is none. */
export function lineTaker(each: (event: Journaled) => void): {
  readonly take: (line: string) => void
  readonly ending: () => Ending
} {
  let count = 0
  let bad: number | undefined
  let more = false
  return {
    take: line => {
      count += 1
      if (bad !== undefined) {
        more ||= line !== ''
        return
      }
      const event = eventIn(line)
      if (event === undefined) bad = count
      else if (event !== 'of another version') each(event)
    },
    ending: () => (bad === undefined ? 'whole' : more ? { damagedAt: bad } : 'cut'),
  }
}

/** The events of a journal, until `each` says false. What can't be opened throws as the file system says it. */
export async function readEvents(file: string, each: (event: Journaled) => boolean): Promise<Ending> {
  let goesOn = true
  const taker = lineTaker(event => {
    goesOn = each(event)
  })
  const input = createReadStream(file, 'utf8')
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    taker.take(line)
    if (!goesOn) break
  }
  input.destroy()
  return taker.ending()
}

function eventIn(line: string): Journaled | 'of another version' | undefined {
  const value = parsed(line)
  if (!isRecord(value) || typeof value.kind !== 'string' || typeof value.at !== 'string') return undefined
  const shape: Shape | undefined = Object.hasOwn(shapes, value.kind)
    ? shapes[value.kind as RunEvent['kind']]
    : undefined
  if (shape === undefined) return 'of another version'
  return has(value, shape) ? (value as unknown as Journaled) : undefined
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

type Holds = (value: unknown) => boolean
type Shape = Readonly<Record<string, Holds>>

const text: Holds = value => typeof value === 'string'
const number: Holds = value => typeof value === 'number'
const flag: Holds = value => typeof value === 'boolean'
const oneOf =
  (...values: readonly string[]): Holds =>
  value =>
    values.includes(value as string)
const maybe =
  (holds: Holds): Holds =>
  value =>
    value === undefined || holds(value)
const listOf =
  (holds: Holds): Holds =>
  value =>
    Array.isArray(value) && value.every(holds)
const record =
  (shape: Shape): Holds =>
  value =>
    isRecord(value) && has(value, shape)
const has = (value: Readonly<Record<string, unknown>>, shape: Shape): boolean =>
  Object.entries(shape).every(([name, holds]) => holds(value[name]))

const outcome = oneOf('ok', 'changed', 'failed', 'unreachable', 'skipped')
const digests = listOf(record({ path: text, digest: text }))
const aboutTask: Shape = { host: text, play: text, role: text, task: text }

/**
 * What is relied on in each kind of event: whatever stands in a file of that name, nobody who reads it stumbles.
 * Asked of the version before: a field that a newer one has is `maybe`.
 */
const shapes: Readonly<Record<RunEvent['kind'], Shape>> = {
  runStarted: {
    run: text,
    playbook: text,
    check: flag,
    after: maybe(number),
    asked: maybe(
      record({
        user: text,
        machine: text,
        version: text,
        cwd: text,
        file: text,
        inventory: listOf(text),
        marks: record({ cwd: text, file: text, inventory: text }),
        flags: listOf(record({ flag: text, value: maybe(text), secret: maybe(listOf(text)) })),
        plays: listOf(record({ play: text, hosts: number })),
        resumes: maybe(text),
        takesBack: maybe(text),
      }),
    ),
  },
  madeOf: { inventory: digests, code: digests },
  note: { host: maybe(text), text },
  warning: { host: maybe(text), text },
  playStarted: { play: text, number: maybe(number), hosts: listOf(text), batches: number, window: maybe(number) },
  batchStarted: { play: text, number, of: number, hosts: listOf(text), window: maybe(number) },
  hostStarted: { host: text, play: text, inFlight: listOf(text), done: number, of: number },
  planned: { host: text, play: text, tasks: number, changes: number, seconds: number },
  task: {
    ...aboutTask,
    status: oneOf('ok', 'changed', 'would change', 'failed', 'not run', 'waited'),
    summary: maybe(text),
    output: maybe(text),
    keeps: maybe(oneOf('all', 'part')),
    handler: maybe(flag),
    seconds: maybe(number),
  },
  taskStarted: aboutTask,
  gate: {
    host: maybe(text),
    gate: text,
    from: maybe(text),
    status: oneOf('waiting', 'holds', 'failed', 'interrupted'),
    expected: maybe(text),
    saw: maybe(text),
    seconds: maybe(number),
  },
  pause: { play: text, before: text, seconds: number, status: oneOf('started', 'ended') },
  check: { play: text, role: text, check: text, host: maybe(text), ok: flag, expected: text, saw: text },
  around: {
    host: text,
    name: text,
    phase: oneOf('announce', 'enter', 'leave'),
    status: oneOf('started', 'done', 'failed'),
    message: maybe(text),
  },
  hostFinished: { host: text, play: text, outcome, changes: number, message: maybe(text), hint: maybe(text) },
  progress: { what: text, done: number },
  spent: { host: text, play: text, seconds: isRecord },
  stopped: { reason: text },
  runFinished: {
    run: text,
    hosts: listOf(record({ host: text, outcome, ok: number, changed: number, failed: number })),
    notRun: maybe(listOf(record({ play: text, why: text }))),
    seconds: number,
    exitCode: number,
  },
}
