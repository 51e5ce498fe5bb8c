import { posix } from 'node:path'
import type { Problem } from '../../failure/index.ts'
import { type Files, start } from '../../files/index.ts'
import type { Node } from '../../python/index.ts'
import { lastEntry } from '../../python/index.ts'
import { isVaulted, type Vault } from '../../vault/index.ts'
import type { Reading, Statement } from '../types.ts'
import { readData } from './data-read.ts'
import { readHostList } from './host-list.ts'
import { readIni } from './ini.ts'
import { isScript, readScript } from './script.ts'
import { readScriptOutput } from './script-output.ts'
import type { Source } from './sources.ts'
import { readYamlInventory } from './yaml-inventory.ts'

/** Reads one source in whichever format it is. `known` are the groups of the sources before it. */
export async function readSource(
  source: Source,
  known: ReadonlySet<string>,
  files: Files,
  vault: Vault,
): Promise<Reading> {
  if (source.kind === 'list') return readHostList(source.text)
  const { path } = source
  if (posix.extname(path) === '.toml') {
    return failed({ message: 'TOML inventories are not supported', origin: start(path), hint: 'use YAML or INI' })
  }
  const read = files.read(path)
  if ('problem' in read) return failed(read.problem)
  if (isScript(path, read.text, files)) {
    const output = await readScript(path, files)
    if (output !== undefined) return output
  }
  if (!isVaulted(read.text)) return readText(read.text, path, known)
  const reading = readText(vault.decrypt(read.text, start(path)), path, known)
  return { ...reading, statements: reading.statements.map(asSecret) }
}

function asSecret(statement: Statement): Statement {
  if (statement.kind === 'var') return { ...statement, setting: { ...statement.setting, secret: true } }
  if (statement.kind !== 'hosts') return statement
  return { ...statement, settings: () => statement.settings().map(setting => ({ ...setting, secret: true })) }
}

/**
 * Ansible tries YAML for `.yml`, `.yaml`, `.json` and no ending, then INI for anything. A broken YAML file is never
 * taken for INI here: its first error is worth more than hosts named after its lines.
 */
export function readText(text: string, path: string, known: ReadonlySet<string>): Reading {
  const ending = posix.extname(path)
  const isYaml = ['.yml', '.yaml', '.json'].includes(ending)
  if (!isYaml && (ending !== '' || looksLikeIni(text))) return readIni(text, path, known)
  const data = readData(text, path)
  const isMap = data.node?.kind === 'map'
  if (!isYaml && !isMap && !looksLikeYaml(text)) return readIni(text, path, known)
  if (data.problems.length > 0) return { statements: [], problems: data.problems, warnings: data.warnings }
  const reading = isScriptShape(data.node) ? readScriptOutput(data.node, path) : readYamlInventory(data.node, path)
  return { ...reading, warnings: [...data.warnings, ...reading.warnings] }
}

/** The first line that says something is a section: not YAML, so the reader for it need not even be tried. */
function looksLikeIni(text: string): boolean {
  return /^(?:[ \t]*(?:[#;].*)?\r?\n)*[ \t]*\[[^\]\s,"'{]+\][ \t]*(?:#.*)?(?:\r?\n|$)/.test(text)
}

function looksLikeYaml(text: string): boolean {
  return /^(?:[ \t]*(?:#.*)?\r?\n)*(?:---|['"\w.-]+:[ \t]*(?:#.*)?(?:\r?\n|$)|\{)/.test(text)
}

/** What scripts print and `ansible-inventory --list` writes: lists of hosts, `_meta`. */
function isScriptShape(node: Node | undefined): node is Extract<Node, { kind: 'map' }> {
  if (node?.kind !== 'map') return false
  return lastEntry(node, '_meta') !== undefined
}

function failed(problem: Problem): Reading {
  return { statements: [], problems: [problem], warnings: [] }
}
