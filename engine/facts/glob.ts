import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { endedLine } from './output.ts'

export interface GlobArgs {
  /** Absolute, with the shell's `*`, `?` and `[…]`. */
  readonly pattern: string
}

export interface GlobFact {
  /**
   * At most 1000 paths, sorted. One that holds a control character is none that anybody has asked for, and is left out.
   */
  readonly matches: readonly string[]
}

/** Paths that match patterns: no process at all, the shell expands them. */
export const glob = defineFact<GlobArgs, GlobFact>({
  name: 'glob',
  probe: args => args.map(({ pattern }) => `${eachMatch(pattern, plain)}\necho .`).join('\n'),
  parse: (output, args) => {
    const answers = endedLine(output).split(/^\.\n/m)
    return args.map((_, index) => {
      const answer = answers[index]
      if (answer === undefined || index === answers.length - 1) throw new Error('an answer about a pattern is missing')
      return {
        matches: answer
          .split('\n')
          .flatMap(line => (line.startsWith('+') ? [line.slice(1)] : []))
          .slice(0, 1000),
      }
    })
  },
})

// A name with a line feed could pass for further answers.
const plain = `case $f in *[[:cntrl:]]*) ;; *) printf '+%s\\n' "$f" ;; esac`

/** Shell text that runs `body` with `$f` for each path that matches. */
export const eachMatch = (pattern: string, body: string): string =>
  `for f in ${globWord(pattern)}; do if [ -e "$f" ] || [ -L "$f" ]; then ${body}; fi; done`

/** A shell word in which only the pattern's own characters are special. */
const globWord = (pattern: string): string =>
  pattern
    .split(/([*?[\]!^-]+)/)
    .map((part, index) => (index % 2 === 1 || part === '' ? part : quote(part)))
    .join('')
