/**
 * Shell text that runs all jobs at the same time and prints what they print in their order, each in one piece, with no
 * temporary file: `B </dev/null | { A </dev/null; cat; }`. A job that has more to say than a pipe holds (64 KiB) waits
 * for its turn.
 */
export const parallel = (jobs: readonly string[]): string =>
  chunks(jobs, mostAtOnce)
    .map(chunk => chunk.map(quiet).reduce((before, job) => `${job} | { ${before}\ncat; }`))
    .join('\n')

// The pipe of the next job is for `cat` alone.
const quiet = (job: string): string => `{ ${job}\n} </dev/null`

// A process or two a job: enough to hide waiting, not so much that a small host feels it.
const mostAtOnce = 24

const chunks = <T>(items: readonly T[], size: number): readonly (readonly T[])[] =>
  items.length <= size ? [items] : [items.slice(0, size), ...chunks(items.slice(size), size)]
