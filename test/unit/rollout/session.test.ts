import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isFailure } from '../../../engine/failure/index.ts'
import { openSession, type SessionOptions } from '../../../engine/rollout/session.ts'
import { sh } from '../../../engine/shell/index.ts'
import type { Channel, ChannelOptions } from '../../../engine/transport/types.ts'

/** A session whose channels are nothing but what they were opened with. */
function sessionOf(
  signal: AbortSignal,
  make: () => Promise<Channel> = async () => ({ close: () => Promise.resolve() }) as Channel,
) {
  const opened: ChannelOptions[] = []
  const options: Pick<SessionOptions, 'connections' | 'open' | 'check' | 'signal' | 'forks'> = {
    connections: { get: host => ({ host, transport: { kind: 'local' }, shell: ['sh'] }) },
    open: async (_, given) => {
      opened.push(given)
      return make()
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

test('a connection is opened anew for all who hold the channel, and what was sent before still counts', async () => {
  const opened: string[] = []
  const closed: string[] = []
  const { session } = sessionOf(new AbortController().signal, async () => {
    const name = `connection ${opened.length + 1}`
    opened.push(name)
    return {
      run: async () => ({ exitCode: 0, stdout: name, stderr: '' }),
      stats: () => ({ programs: 2, roundTrips: 1, bytesSent: 10 }),
      close: async () => void closed.push(name),
    } as unknown as Channel
  })
  const channel = await session.channel('a')
  const said = async () => (await channel.run({ script: sh`true` })).stdout
  assert.is(await said(), 'connection 1')
  await session.reconnect('a')
  assert.equal([await said(), closed], ['connection 2', ['connection 1']])
  assert.is(await session.channel('a'), channel)
  assert.equal(channel.stats(), { programs: 4, roundTrips: 2, bytesSent: 20 })
  await session.reconnect('a')
  assert.equal(channel.stats(), { programs: 6, roundTrips: 3, bytesSent: 30 })
})

test('nothing is opened anew once the run is interrupted', async () => {
  const abort = new AbortController()
  const { session, opened } = sessionOf(abort.signal)
  await session.channel('a')
  abort.abort()
  const error = await session.reconnect('a').catch((thrown: unknown) => thrown)
  assert.ok(isFailure(error, 'interrupted'))
  assert.is(opened.length, 1)
})

test.run()
