import { defineFact, quote } from 'rota'

/** Bytes of a list that is read, 4.5 KB for each of 10,000 nodes; and what it takes on its way, in base64. */
const [longestList, longest] = [45_000_000, 62_000_000]

/**
 * A kind of fact: what kubectl on a master lists, by its words, a line for each object; undefined where no API server
 * answers there, or with more than can be read. `facts.command` cuts at 64 KiB, and a cluster may have a thousand
 * nodes.
 */
export const kubectlList = <T>(name: string, read: (lines: readonly string[]) => T) =>
  defineFact<readonly string[], T | undefined>({
    name,
    longest,
    probe: args =>
      args
        .map(
          words => `if o=$(${words.map(quote).join(' ')} 2>/dev/null </dev/null) && [ "\${#o}" -le ${longestList} ]; then
echo yes; printf '%s\\n' "$o" | base64; fi
echo .`,
        )
        .join('\n'),
    parse: (output, args) => {
      const answers = `${output}\n`.split('.\n')
      return args.map((_, index) => {
        const [, said] = /^yes\n([A-Za-z0-9+/=\n]*)$/.exec(answers[index] ?? '') ?? []
        if (said === undefined) return undefined
        return read(Buffer.from(said, 'base64').toString().split('\n').filter(Boolean))
      })
    },
  })

/** Why there is no list: before masters are asked there is none, or none of them could say it. */
export type Unlisted = 'not asked' | 'not known'

/** What the first of the masters says that could. */
export const firstListed = <T>(answers: readonly (T | undefined)[]): T | Unlisted =>
  answers.length === 0 ? 'not asked' : (answers.find(answer => answer !== undefined) ?? 'not known')
