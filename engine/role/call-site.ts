import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A place in a playbook. */
export interface CallSite {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Where the function `callee` was called from, so that an error about its arguments can point there. */
export function callSite(callee: (...args: never[]) => unknown): CallSite {
  // Node reads the source map of every file in the trace, which for the engine takes longer than an inventory: mostly
  // the first line will do.
  const match = placeIn(traceOf(callee, 1)) ?? placeIn(traceOf(callee, 10))
  if (!match) return { file: 'playbook', line: 1, column: 1 }
  const [, where = '', line = '1', column = '1'] = match
  const path = where.startsWith('file://') ? fileURLToPath(where.replace(/\?.*$/, '')) : where
  return { file: relative(process.cwd(), path), line: Number(line), column: Number(column) }
}

function traceOf(callee: (...args: never[]) => unknown, length: number): string {
  const { stackTraceLimit } = Error
  const holder: { stack?: string } = {}
  Error.stackTraceLimit = length
  Error.captureStackTrace(holder, callee)
  Error.stackTraceLimit = stackTraceLimit
  return holder.stack ?? ''
}

const placeIn = (trace: string) => /(?:\(|at )((?:file:\/\/|\/)[^\n)]*?):(\d+):(\d+)\)?$/m.exec(trace)
