import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { endedLine, quoted } from './output.ts'

export interface TreeArgs {
  /** Absolute. */
  readonly root: string
  /** Paths below it, with all that is in them. */
  readonly names: readonly string[]
}

export type TreeFact =
  /** Something of it does not exist, or may not be entered. */
  | { readonly type: 'missing'; readonly names: readonly string[] }
  /** A checksum of all names, modes, owners, sizes and times: it is another one when anything has changed. */
  | { readonly type: 'tree'; readonly digest: string }

/** What a tree of files looks like, without reading the files. */
export const tree = defineFact<TreeArgs, TreeFact>({
  name: 'tree',
  probe: args => `${treeFunction}\n${args.map(item => `${treeCall(item)}; echo .`).join('\n')}`,
  parse: (output, args) => {
    const answers = endedLine(output).split(/^\.\n/m)
    return args.map(({ names }, index) => {
      const answer = index < answers.length - 1 ? (answers[index] ?? '').trim() : ''
      if (/^[0-9a-f]{64}$/.test(answer)) return { type: 'tree', digest: answer }
      const missing = answer.split('\n').map(line => names[Number(/^missing (\d{1,9})$/.exec(line)?.[1]) - 1])
      if (missing.some(name => name === undefined)) throw new Error(`no answer about a tree: ${quoted(answer)}`)
      return { type: 'missing', names: missing.flatMap(name => name ?? []) }
    })
  },
})

/** Shell function that prints the checksum, or which names are missing. */
export const treeFunction = `tree_of() (
  root=$1 n=0 missing=
  shift
  for f; do
    n=$((n + 1))
    [ -e "$root/$f" ] || [ -L "$root/$f" ] || { missing=1; printf 'missing %s\\n' "$n"; }
  done
  [ -z "$missing" ] && cd -- "$root" || exit 0
  for f; do shift; set -- "$@" "./$f"; done
  sum=$(find "$@" -exec stat -c '%n|%f|%u|%g|%s|%y' {} + 2>/dev/null | LC_ALL=C sort | sha256sum)
  printf '%s\\n' "\${sum%% *}"
)`

export const treeCall = ({ root, names }: TreeArgs): string => `tree_of ${[root, ...names].map(quote).join(' ')}`
