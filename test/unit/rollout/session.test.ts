import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openSession, type SessionOptions } from '../../../engine/rollout/session.ts'
import type { Channel, ChannelOptions } from '../../../engine/transport/types.ts'

/** A session whose channels are nothing but what they were opened with. */
function sessionOf(signal: AbortSignal) {
  const opened: ChannelOptions[] = []
  const options: Pick<SessionOptions, 'connections' | 'open' | 'check' | 'signal' | 'forks'> = {
    connections: { get: host => ({ host, transport: { kind: 'local' }, shell: ['sh'] }) },
    open: async (_, given) => {
      opened.push(given)
      return { close: () => Promise.resolve() } as Channel
    },
    check: false,
    signal,
    forks: 1,
  }
  return { session: openSession(options as SessionOptions), opened }
}

test('an interrupted run tells every channel, also one that is opened later; each has a signal of its own', async () => {
  const abort = new AbortController()
  const { session, opened } = sessionOf(abort.signal)
  await Promise.all(['a', 'b'].map(session.channel))
  assert.equal(
    opened.map(({ signal }) => signal?.aborted),
    [false, false],
  )
  assert.is.not(opened[0]?.signal, opened[1]?.signal)
  abort.abort()
  await session.channel('c')
  assert.equal(
    opened.map(({ signal }) => signal?.aborted),
    [true, true, true],
  )
})

test.run()
