/**
 * How much a host may say. It may be one that somebody else has taken over: what it says is held in memory before it
 * can be judged, so each kind of answer has a length, and what is longer makes the host unreachable. All in bytes.
 */

/** The line before a payload. */
export const longestHeader = 1024

/** What may come before the first frame: banners, noise of a login shell. */
export const mostNoise = 1024 * 1024

/** What a host says of itself (most of it is /etc/os-release), and why it refuses. */
export const longestHello = 64 * 1024

/** On stderr, in the whole life of a channel; the end of it is kept for messages. */
export const mostStderr = 64 * 1024 * 1024

/** Of the answer to a probe one fact: a file whose content is asked for is sent up to 1 MiB, which is 1.4 in base64. */
export const longestFact = 2 * 1024 * 1024

/** The answer as a whole. */
export const longestFacts = 64 * 1024 * 1024

/** Lines of it: each costs a reader more than its bytes. */
export const mostLines = 1_000_000

/**
 * Output of a change. The host cuts what is longer in its middle (`rota_most_output` in runtime.sh) and says so there.
 */
export const longestOutput = 1024 * 1024

/**
 * Each of stdout and stderr of a step's command. What is longer is not sent and fails the step: half of it could be
 * taken for the whole.
 */
export const longestStepOutput = 64 * 1024 * 1024

/** The line that stands where output was cut. */
export const longestCutNote = 200

/** What `fetch` takes: it goes through memory as base64. */
export const largestFetch = 256 * 1024 * 1024
