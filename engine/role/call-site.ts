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
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, callee)
  const match = /(?:\(|at )((?:file:\/\/|\/)[^\n)]*?):(\d+):(\d+)\)?$/m.exec(holder.stack ?? '')
  if (!match) return { file: 'playbook', line: 1, column: 1 }
  const [, where = '', line = '1', column = '1'] = match
  const path = where.startsWith('file://') ? fileURLToPath(where.replace(/\?.*$/, '')) : where
  return { file: relative(process.cwd(), path), line: Number(line), column: Number(column) }
}
