import { messageOf } from '../failure/index.ts'
import { type RunEvent, shown } from '../journal/index.ts'
import { isMiss, openWeb, shownUrl, type Web } from '../web/index.ts'
import { type Message, messages } from './message.ts'

/** Tells webhooks how far a run is, beside it: it waits for none of them, and none can fail it. */
export interface Notifier {
  /** After secrets are taken out. */
  readonly event: (event: RunEvent) => void
  /** Waits for what is on its way, and says what did not arrive: a line a webhook. */
  readonly end: () => Promise<readonly string[]>
}

export interface Patience {
  /** Seconds for one message, and for all that is on its way when the run is over. */
  readonly message: number
  readonly end: number
}

/** So many wait for a webhook that is slow; of those that tell of batches the oldest is left out then. */
const mostWaiting = 20
const slow = 'it is slow'

export function notifier(urls: readonly string[], patience: Patience = { message: 10, end: 15 }): Notifier {
  const message = messages()
  let web: Promise<Web> | undefined
  const hooks = urls.map(url => hookOf(url, patience, () => (web ??= openWeb())))
  return {
    event: event => {
      const told = message(shown(event))
      if (told) for (const hook of hooks) hook.add(told)
    },
    end: async () => {
      const lost = await Promise.all(hooks.map(hook => hook.end()))
      await web?.then(
        opened => opened.close(),
        () => {},
      )
      return lost.flat()
    },
  }
}

function hookOf(url: string, patience: Patience, web: () => Promise<Web>) {
  const giveUp = new AbortController()
  let waiting: Message[] = []
  let working: Promise<void> | undefined
  let all = 0
  const misses: string[] = []
  const miss = (why: string) => void misses.push(why)
  const send = async (message: Message) => {
    try {
      const answer = await (await web()).answer(url, {
        json: message,
        timeout: patience.message,
        most: 1024,
        signal: giveUp.signal,
      })
      // Who asks and what lets somebody in stands in a path, too.
      if (isMiss(answer)) miss(answer.why.replace(`${shownUrl(url)}: `, ''))
      else if (answer.status < 200 || answer.status > 299) miss(`it answered ${answer.status}`)
    } catch (error) {
      miss(giveUp.signal.aborted ? `it had not taken it ${patience.end} s after the run` : messageOf(error))
    }
  }
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await send(next)
    working = undefined
  }
  return {
    add: (message: Message): void => {
      all += 1
      waiting.push(message)
      const old = waiting.length > mostWaiting ? waiting.findIndex(({ event }) => event === 'batchDone') : -1
      if (old >= 0) {
        waiting.splice(old, 1)
        miss(slow)
      }
      working ??= work()
    },
    end: async (): Promise<readonly string[]> => {
      // Of who is late by then it counts that he learns how it ended.
      const late = setTimeout(() => {
        const batches = waiting.filter(({ event }) => event === 'batchDone')
        waiting = waiting.filter(({ event }) => event !== 'batchDone')
        for (const _ of batches) miss(slow)
      }, patience.end * 500)
      const last = setTimeout(() => giveUp.abort(), patience.end * 1000)
      await working
      clearTimeout(late)
      clearTimeout(last)
      if (misses.length === 0) return []
      const messages = `${misses.length} of ${all} ${all === 1 ? 'message' : 'messages'}`
      return [`the webhook at ${new URL(url).host} did not get ${messages}: ${[...new Set(misses)].join('; ')}`]
    },
  }
}
