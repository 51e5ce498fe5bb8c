import type { Channel, ChannelStats } from './types.ts'

/** A channel that outlives its connection: whoever holds it goes on with the new one. */
export interface LastingChannel extends Channel {
  /**
   * Gives the connection up, whatever has become of it, and opens another. What is asked for next waits for the host,
   * and rejects where it can't be reached.
   */
  readonly reopen: () => Promise<void>
}

export async function lastingChannel(open: () => Promise<Channel>): Promise<LastingChannel> {
  let current = await open()
  let past: ChannelStats = { programs: 0, roundTrips: 0, bytesSent: 0 }
  const stats = (): ChannelStats => {
    const now = current.stats()
    return {
      ...now,
      programs: past.programs + now.programs,
      roundTrips: past.roundTrips + now.roundTrips,
      bytesSent: past.bytesSent + now.bytesSent,
    }
  }
  return {
    host: current.host,
    probe: requests => current.probe(requests),
    apply: (program, onEvent) => current.apply(program, onEvent),
    run: (command, onOutput) => current.run(command, onOutput),
    close: () => current.close(),
    stats,
    reopen: async () => {
      await current.close()
      past = stats()
      current = await open()
    },
  }
}
