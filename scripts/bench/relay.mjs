// @ts-check
import { connect, createServer } from 'node:net'
import { pipeline, Transform } from 'node:stream'

/**
 * A far host without help of the kernel: what arrives on a loopback address goes on to the host half a round trip
 * later, and back. The handshake of TCP costs its round trip, too. Runs as a process of its own: `node relay.mjs
 * MILLISECONDS PORT HOST…`; host number n is 127.7.0.(n + 1).
 * @param {number} rtt milliseconds
 * @param {number} port
 * @param {readonly string[]} hosts
 */
function relay(rtt, port, hosts) {
  for (const [index, host] of hosts.entries()) {
    createServer({ noDelay: true }, near => {
      setTimeout(() => {
        const far = connect({ host, port: 22, noDelay: true })
        pipeline(near, delayed(rtt / 2), far, () => near.destroy())
        pipeline(far, delayed(rtt / 2), near, () => far.destroy())
      }, rtt)
    }).listen(port, relayAddress(index))
  }
  process.stdout.write('ready\n')
}

/** @param {number} index */
export const relayAddress = index => `127.7.${Math.floor(index / 250)}.${(index % 250) + 1}`

/** Each piece leaves a while after it has come; pieces do not wait for each other. @param {number} milliseconds */
function delayed(milliseconds) {
  let under = 0
  /** @type {(() => void) | undefined} */
  let ended
  return new Transform({
    transform(chunk, _, done) {
      under += 1
      setTimeout(() => {
        this.push(chunk)
        under -= 1
        if (under === 0) ended?.()
      }, milliseconds)
      done()
    },
    flush(done) {
      if (under === 0) done()
      else ended = done
    },
  })
}

if (process.argv[1]?.endsWith('/relay.mjs')) {
  const [rtt, port, ...hosts] = process.argv.slice(2)
  relay(Number(rtt), Number(port), hosts)
}
