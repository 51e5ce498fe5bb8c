import type { Problem } from '../../failure/index.ts'
import { refused } from '../../failure/index.ts'
import type { Files } from '../../files/index.ts'
import type { Decrypt } from '../../python/index.ts'
import type { DefaultsFound } from '../defaults-rule.ts'
import { readVariables } from '../formats/data-read.ts'
import type { Defaults, Setting, Variable } from '../types.ts'
import { toVariable } from './variables.ts'

/**
 * Files of variables that count where an inventory says nothing; the last file that has a name wins. Of each file only
 * the names are read at once; a value is taken apart when somebody asks for it, and so a file of thousands of lines of
 * which nothing is needed costs next to nothing. What says how a host is reached (`ansible_…`) is left out.
 */
export function defaultsFrom(
  found: DefaultsFound,
  files: Pick<Files, 'read'>,
): { readonly defaults: Defaults; readonly problems: readonly Problem[] } {
  const { label, files: paths } = found
  const problems: Problem[] = []
  const blocks = new Map<string, Block>()
  for (const path of paths) {
    const read = files.read(path)
    if ('problem' in read) problems.push(read.problem)
    else for (const block of blocksOf(path, read.text)) blocks.set(block.name, block)
  }
  for (const path of found.without ?? []) {
    const read = files.read(path)
    if ('problem' in read) problems.push(read.problem)
    else for (const { name } of blocksOf(path, read.text)) blocks.delete(name)
  }
  const known = new Map<string, Variable>()
  const variable = (name: string): Variable | undefined => {
    const block = blocks.get(name)
    if (block === undefined) return undefined
    const made = known.get(name) ?? toVariable(settingOf(block, label), undefined, noVault, weakest)
    known.set(name, made)
    return made
  }
  const names = new Set(blocks.keys())
  const forTemplates = new Set(found.forTemplates)
  return { defaults: { label, names, forTemplates, files: new Set(paths), get: variable }, problems }
}

/** Below the rank of whatever an inventory says. */
const weakest = -1

const noVault: Decrypt = (_, origin) => {
  throw refused([{ message: 'a vaulted default is not read', origin }])
}

/** One variable as it stands in a file: from the line of its name to that of the next. */
interface Block {
  readonly name: string
  readonly file: string
  readonly text: string
  readonly begin: number
  readonly end: number
}

const topLevelKey = /^(?:([A-Za-z_]\w*)|"([A-Za-z_]\w*)"|'([A-Za-z_]\w*)') *:(?=\s|$)/gm

function blocksOf(file: string, text: string): readonly Block[] {
  const keys = [...text.matchAll(topLevelKey)]
  return keys.flatMap((match, index) => {
    const name = match[1] ?? match[2] ?? match[3] ?? ''
    const end = keys[index + 1]?.index ?? text.length
    return name.startsWith('ansible_') ? [] : [{ name, file, text, begin: match.index, end }]
  })
}

function settingOf(block: Block, source: string): Setting {
  const { name, file } = block
  return { name, file, source, node: nodeIn(name, file, alone(block)) ?? nodeOrRefusal(block) }
}

/** The block at its own lines: what the parser says of places is right as it is. */
const alone = ({ text, begin, end }: Block): string => {
  let lines = 0
  for (let at = text.indexOf('\n'); at >= 0 && at < begin; at = text.indexOf('\n', at + 1)) lines += 1
  return '\n'.repeat(lines) + text.slice(begin, end)
}

function nodeIn(name: string, file: string, text: string): Setting['node'] | undefined {
  const { node, problems } = readVariables(text, file)
  if (problems.length > 0 || node?.kind !== 'map') return undefined
  return node.entries.findLast(entry => String(entry.key.value) === name)?.node
}

/** What can't be understood by itself (an alias of an anchor elsewhere) is looked for in the whole file. */
function nodeOrRefusal({ name, file, text }: Block): Setting['node'] {
  const whole = nodeIn(name, file, text)
  if (whole !== undefined) return whole
  const { problems } = readVariables(text, file)
  throw refused(
    problems.length > 0 ? problems : [{ message: `${name} can't be read`, origin: { file, line: 1, column: 1 } }],
  )
}
