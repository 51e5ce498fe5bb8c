import type { Problem } from '../../failure/index.ts'
import { start } from '../../files/index.ts'
import { type Address, parseAddress } from '../address.ts'
import type { Reading, Statement } from '../types.ts'
import { badHostName } from './ini-host.ts'

/** `-i 'a,b:2222,'`: names without ranges, each taken at its first mention. */
export function readHostList(text: string): Reading {
  const statements: Statement[] = []
  const problems: Problem[] = []
  const seen = new Set<string>()
  let column = 1
  for (const item of text.split(',')) {
    const at = { ...start(text), column: column + item.length - item.trimStart().length }
    column += item.length + 1
    const name = item.trim()
    if (name === '') continue
    const parsed = parseAddress(name)
    const address: Address = parsed === undefined || parsed.host.includes('[') ? { host: name } : parsed
    const wrong = badHostName(address.host)
    if (wrong !== undefined) problems.push({ message: `'${name}' is no host name: ${wrong}`, origin: at })
    if (seen.has(address.host)) continue
    seen.add(address.host)
    const port = address.port === undefined ? {} : { port: address.port }
    statements.push({ kind: 'hosts', names: [address.host], group: 'ungrouped', ...port, at, settings: () => [] })
  }
  return { statements, problems, warnings: [] }
}
