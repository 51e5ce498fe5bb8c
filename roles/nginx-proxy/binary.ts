import { type FactRequest, facts, type HostView, raw, type Step, step } from 'rota'
import { artefactOf, flagsOf, judge, type Source } from '../nginx-build/artefact.ts'

/** What is known of the program on the host that built it. */
export type BinaryFacts = { readonly built: ReturnType<typeof facts.path> }

export const builtFact = (source: Source): BinaryFacts['built'] =>
  facts.path({ path: artefactOf(source), sha256: true })

/** Programs that were fetched from the host that built them: once a play, whatever the number of hosts. */
export interface Binary {
  readonly fetched: (artefact: string, fetch: () => Promise<Uint8Array>) => Promise<Uint8Array>
}

export function binaryCache(): Binary {
  const known = new Map<string, Promise<Uint8Array>>()
  return {
    fetched: (artefact, fetch) => {
      const running = known.get(artefact) ?? fetch()
      known.set(artefact, running)
      // The next host tries again.
      running.catch(() => known.delete(artefact))
      return running
    },
  }
}

export interface BinaryOptions {
  readonly source: Source
  readonly target: string
  readonly builder: HostView
  /** Undefined where the host that builds can't be reached. */
  readonly built: FactTypeOf<BinaryFacts['built']> | undefined
  readonly binary: Binary
}

type FactTypeOf<R> = R extends FactRequest<infer T> ? T : never

/**
 * The program on this host is the one that was built. It takes the old one's place only after it has been seen to run
 * here.
 */
export function installBinary(options: BinaryOptions): Step {
  const { source, target, builder, built, binary } = options
  const artefact = artefactOf(source)
  const entry = built && facts.followed(built)
  const wanted = entry?.type === 'file' ? entry.sha256 : undefined
  return step({
    title: `nginx ${source.version} at ${target}`,
    facts: {
      own: facts.path({ path: target, sha256: true }),
      said: facts.command({ run: [target, '-V'] }),
    },
    needed: ({ own, said }) => {
      const there = facts.followed(own)
      if (there.type !== 'file') return 'it does not exist'
      if (wanted !== undefined) return there.sha256 !== wanted && 'it is another one than was built'
      // The host that builds is not there: the program itself tells what it is.
      if (built === undefined)
        return !isSource(said.stderr, source) && `it is another one, and ${builder.name} can not be reached`
      return `it is not built yet on ${builder.name}`
    },
    run: async ({ $, on }) => {
      const content = await binary.fetched(artefact, async () => {
        const { stdout, exitCode } = await on(builder.name)`base64 < ${artefact}`.nothrow()
        if (exitCode === 0) return Buffer.from(stdout, 'base64')
        throw new Error(
          `nginx ${source.version} is not built on ${builder.name}: the role nginx-build has to run there first, so --limit must not leave it out`,
        )
      })
      await $`new=$(mktemp ${`${target}.XXXXXX`})
trap 'rm -f "$new"' EXIT
cat >"$new" && chmod 0755 "$new" || exit 1
program=$new
( ${raw(judge(source))}
) || exit 1
mv -f "$new" ${target}`.stdin(content)
      return { summary: `${content.byteLength} bytes from ${builder.name}` }
    },
  })
}

const isSource = (said: string, source: Source): boolean =>
  said.includes(`nginx/${source.version}\n`) && said.includes(`configure arguments: ${flagsOf(source).join(' ')}`)
