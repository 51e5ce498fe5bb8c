import { defineFact, type FactRequest, quote } from 'rota'
import { wholeDiff } from './differences.ts'

interface Asked {
  /** Shell text after which there is `kube`. */
  readonly kube: string
  /** Flags of `kubectl diff --server-side`, which are those of the apply. */
  readonly flags: readonly string[]
  readonly manifests: string
}

export interface Answer {
  /** 0: nothing differs. 1: something does. Anything else: kubectl could not tell. */
  readonly exitCode: number
  /** The differences, after what kubectl has said. */
  readonly printed: string
  /** There would have been more. */
  readonly cut: boolean
}

/**
 * What `kubectl diff` says of manifests: the API server works the objects out as an apply would, with defaults and
 * admission, and stores nothing. The manifests travel in the text of the program, and are in no argument list.
 */
export const manifestDiff: (asked: Asked) => FactRequest<Answer> = defineFact<Asked, Answer>({
  name: 'manifestDiff',
  unseen: ['manifests'],
  probe: asked => asked.map(ask).join('\n'),
  parse: (output, asked) => {
    const lines = output.split('\n')
    return asked.map((_, index) => {
      const [code = '', length = '', printed = ''] = lines.slice(index * 3, index * 3 + 3)
      if (!/^\d{1,3}$/.test(code) || !/^ *\d+$/.test(length)) throw new Error('an answer of kubectl diff is missing')
      return {
        exitCode: Number(code),
        printed: Buffer.from(printed, 'base64').toString(),
        cut: Number(length) > longest,
      }
    })
  },
})

const longest = 1024 * 1024

const ask = ({ kube, flags, manifests }: Asked): string => `( if printed=$(
  exec 2>&1
${kube}
  export KUBECTL_EXTERNAL_DIFF=${quote(wholeDiff)}
  printf %s ${Buffer.from(manifests).toString('base64')} | base64 -d |
    kube --request-timeout=30s diff --server-side ${flags.map(quote).join(' ')} -f -
); then code=0; else code=$?; fi
printf '%s\\n' "$code"
printf %s "$printed" | wc -c
printf %s "$printed" | head -c ${longest} | base64 | tr -d '\\n'
echo )`
