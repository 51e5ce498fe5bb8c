import type { FactKind, FactRequest, Facts, Span } from '../facts/index.ts'
import { factKey, factsFrom } from '../facts/index.ts'
import { messageOf } from '../failure/index.ts'
import { quote } from '../shell/index.ts'
import { mostLines } from './limits.ts'
import type { Program } from './program.ts'

/** The facts of one kind that are asked for, each once. */
interface Group {
  readonly kind: FactKind<unknown, unknown>
  readonly args: unknown[]
  readonly keys: string[]
}

export interface Probe {
  readonly program: (request: number) => Program
  /** Reads what all kinds printed. Throws an error that names the kind. */
  readonly read: (answer: string, span: Span) => Facts
}

/** One program for all requests: every kind runs once, for all its arguments. `mark` follows what each kind prints. */
export function probeOf(requests: readonly FactRequest[], mark: string): Probe {
  const groups = groupsOf(requests)
  const scripts = scriptsOf(groups)
  return {
    program: request => ({
      text: [
        `rota_facts ${request} ${scripts.map(({ kind, args }) => quote(kind.probe(args))).join(' ')}`,
        `rota_end ${request}`,
      ].join('\n'),
      blobs: [],
    }),
    read: (answer, span) => {
      checkLines(answer)
      // The command substitution that caught it has taken the line feed at its end.
      const outputs = `${answer}\n`.split(mark)
      const said = scripts.map((group, index) => ({ group, output: outputOf(group, outputs, index) }))
      const outputOfAll = (wanted: Group) =>
        said.flatMap(({ group, output }) => (group === wanted ? [output] : [])).join('\n')
      return factsFrom(new Map(groups.flatMap(group => readGroup(group, outputOfAll(group), span))))
    },
  }
}

/** In the order in which they run. */
function scriptsOf(groups: readonly Group[]): readonly Group[] {
  const around = groups.filter(({ kind }) => kind.brackets)
  return [...around, ...groups.filter(({ kind }) => !kind.brackets), ...around]
}

/** A line costs a reader more memory than its text: an answer of nothing but line feeds would fill it. */
function checkLines(answer: string): void {
  let lines = 0
  for (let at = answer.indexOf('\n'); at >= 0; at = answer.indexOf('\n', at + 1)) lines += 1
  if (lines > mostLines)
    throw new Error(`the answer to a probe has ${lines} lines, more than ${mostLines} are not read`)
}

function groupsOf(requests: readonly FactRequest[]): readonly Group[] {
  const groups = new Map<string, Group>()
  const known = new Set<string>()
  for (const request of requests) {
    const key = factKey(request)
    if (known.has(key)) continue
    known.add(key)
    // The argument type of a kind is private to it; each kind gets back only what was made for it.
    const kind = request.kind as unknown as FactKind<unknown, unknown>
    const group: Group = groups.get(kind.name) ?? { kind, args: [], keys: [] }
    if (group.kind !== kind) throw new Error(`two kinds of fact have the name ${kind.name}`)
    group.args.push(request.args)
    group.keys.push(key)
    groups.set(kind.name, group)
  }
  return [...groups.values()]
}

/** As a command substitution gives it: without the line feeds at the end. */
function outputOf({ kind }: Group, outputs: readonly string[], index: number): string {
  const [output = '', ...later] = outputs.slice(index)
  if (later.length === 0)
    throw new Error(`fact ${kind.name}: its script did not come to its end (it printed ${sizeOf(output)})`)
  return output.replace(/\n+$/, '')
}

function readGroup({ kind, args, keys }: Group, output: string, span: Span): readonly (readonly [string, unknown])[] {
  const values = parse(kind, output, args, span)
  if (values.length !== args.length)
    throw new Error(
      `fact ${kind.name}: ${args.length} values were asked for, the output gives ${values.length} (it has ${sizeOf(output)})`,
    )
  return keys.map((key, index) => [key, values[index]] as const)
}

function parse(kind: FactKind, output: string, args: readonly unknown[], span: Span): readonly unknown[] {
  try {
    return kind.parse(output, args, span)
  } catch (error) {
    const why = messageOf(error)
    throw new Error(`fact ${kind.name} can't be read: ${why} (the host printed ${sizeOf(output)})`, { cause: error })
  }
}

// What it printed is not shown: it may hold the content of files, or what somebody on the host wants the operator to
// read.
const sizeOf = (output: string): string => (output === '' ? 'nothing' : `${output.length} characters`)
