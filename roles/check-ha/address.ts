import { type Check, facts, hostCheck, quote, sharedCheck } from 'rota'

/**
 * Exactly one host has the virtual address (on lo it is LVS's, for a master to answer in its name), and it is one that
 * may.
 */
export const oneHolder = (address: string, mayHold: readonly string[]): Check =>
  sharedCheck({
    name: `${address} is on exactly one host`,
    facts: { addresses: facts.addresses({}) },
    read: ({ addresses }) => addresses.some(entry => entry.address === address && entry.interface !== 'lo'),
    verdict: seen => {
      const holders = [...seen].filter(([, holds]) => holds).map(([name]) => name)
      const unknown = [...seen].filter(([, holds]) => holds === undefined).map(([name]) => name)
      const [holder] = holders
      return {
        ok: holders.length === 1 && holder !== undefined && mayHold.includes(holder),
        expected: `exactly one of ${mayHold.join(', ')}`,
        saw: `${holders.join(' and ') || 'nobody'}${unknown.length > 0 ? ` (not known of ${unknown.join(', ')})` : ''}`,
      }
    },
  })

const noPing = 99

export const answersPing = (address: string): Check =>
  hostCheck({
    name: `${address} answers ping`,
    facts: {
      ping: facts.command({
        run: `command -v ping >/dev/null 2>&1 || exit ${noPing}; exec ping -c 1 -W 2 ${quote(address)}`,
        timeout: 5,
      }),
    },
    verdict: ({ ping }) => ({
      ok: ping.exitCode === 0,
      expected: 'an answer within 2 s',
      saw:
        ping.exitCode === 0
          ? 'an answer'
          : ping.exitCode === noPing
            ? 'ping is not installed on this host'
            : ping.stderr || 'no answer',
    }),
  })

export const isOnLo = (address: string): Check =>
  hostCheck({
    name: `${address} is on lo`,
    facts: { addresses: facts.addresses({}) },
    verdict: ({ addresses }) => {
      const on = addresses.filter(entry => entry.address === address).map(entry => entry.interface)
      return { ok: on.includes('lo'), expected: 'on lo, for LVS', saw: on.join(', ') || 'on no interface' }
    },
  })
