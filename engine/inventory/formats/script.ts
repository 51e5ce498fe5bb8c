import type { Problem } from '../../failure/index.ts'
import type { Files } from '../../files/index.ts'
import { start } from '../../files/index.ts'
import type { MapNode } from '../../python/index.ts'
import type { Reading, Statement } from '../types.ts'
import { readJson } from './json-read.ts'
import { hostVars, readScriptOutput } from './script-output.ts'

/** How long an inventory script may take. */
const patience = 120_000

/** Executable, or with a `#!` line. */
export function isScript(path: string, text: string, files: Files): boolean {
  return text.startsWith('#!') || files.isExecutable(path)
}

/**
 * Runs `PATH --list`, and `--host NAME` for each host when the answer has no `_meta.hostvars`. Undefined when the file
 * can't be executed although its mode says so (an INI file on a file system where everything is executable).
 */
export async function readScript(path: string, files: Files): Promise<Reading | undefined> {
  const list = await run(path, ['--list'], files)
  if (list === undefined) return undefined
  if ('problem' in list) return failed(list.problem)
  const reading = readScriptOutput(list.node, path)
  if (reading.hasMeta || reading.problems.length > 0) return reading
  const names = new Set(reading.statements.flatMap(one => (one.kind === 'hosts' ? one.names : [])))
  const statements: Statement[] = []
  const problems: Problem[] = []
  for (const name of names) {
    const answer = await run(path, ['--host', name], files)
    if (answer === undefined) continue
    if ('problem' in answer) problems.push(answer.problem)
    else statements.push(hostVars(name, answer.node, { file: path, problems }))
  }
  return { statements: [...reading.statements, ...statements], problems, warnings: [] }
}

async function run(
  path: string,
  args: readonly string[],
  files: Files,
): Promise<{ readonly node: MapNode } | { readonly problem: Problem } | undefined> {
  const { execa } = await import('execa')
  const result = await execa(files.absolute(path), args, { reject: false, stdin: 'ignore', timeout: patience })
  if (result.code === 'ENOEXEC') return undefined
  const fail = (message: string) => ({ problem: { message, origin: start(path) } })
  if (result.failed) {
    const detail = result.stderr?.trim() || result.originalMessage || `exit status ${result.exitCode}`
    const hint = result.code === 'EACCES' ? { hint: `chmod +x ${path}` } : {}
    return { problem: { ...fail(`the script failed (${args.join(' ')}): ${detail}`).problem, ...hint } }
  }
  if (args[0] === '--host' && result.stdout.trim() === '') {
    return { node: { kind: 'map', entries: [], line: 1, column: 1 } }
  }
  files.printed(`${path} ${args.join(' ')}`, result.stdout)
  const json = readJson(result.stdout, `${path} ${args.join(' ')}`)
  if ('problem' in json) return json
  if (json.node.kind !== 'map') return fail(`the script must print a JSON object (${args.join(' ')})`)
  return { node: json.node }
}

function failed(problem: Problem): Reading {
  return { statements: [], problems: [problem], warnings: [] }
}
