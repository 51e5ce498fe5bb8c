import { posix } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type FactRequest, facts, type PathFact, type RemoteShell, type Step, step } from 'rota'
import { servingStatuses } from '../lib/cluster/index.ts'
import type { ClientFile } from './clients.ts'
import { mastersIn } from './environment.ts'
import { type Authority, clusterIn } from './kubeconfig.ts'

/**
 * No client is pointed at a server that does not answer it: the server is asked from the host itself, with the
 * authority that the client trusts, under the address that it will use, so that a certificate that lacks it is found
 * out before.
 */
export const serverAnswers = (files: readonly ClientFile[], server: string, timeout: number): Step =>
  step({
    title: `${server} answers`,
    facts: contents(files),
    needed: seen => {
      const changing = files.filter(file => differs(file, seen[file.path]))
      return changing.length > 0 && `asked before ${changing.map(file => file.path).join(', ')} names it`
    },
    run: async ({ $, host }) => {
      for (const { url, authority } of await asked($, files)) {
        const end = Date.now() + timeout * 1000
        for (;;) {
          const problem = await ask($, url, authority)
          if (problem === undefined) break
          if (Date.now() > end) throw new Error(`${url} does not serve the clients of ${host.name}: ${problem}`)
          await sleep(1000)
        }
      }
      return { changed: false }
    },
  })

const contents = (files: readonly ClientFile[]): Readonly<Record<string, FactRequest<PathFact>>> =>
  Object.fromEntries(files.map(file => [file.path, facts.path({ path: file.path, sha256: true, content: true })]))

function differs(file: ClientFile, fact: PathFact | undefined): boolean {
  const bytes = fact && facts.bytesOf(fact)
  if (bytes === undefined) return false
  const text = Buffer.from(bytes).toString()
  const edited = file.edit(text)
  return 'text' in edited && edited.text !== text
}

interface Asked {
  readonly url: string
  readonly authority: Authority
}

/** The servers that the files are going to name, with the authorities that they trust, each once. */
async function asked($: RemoteShell, files: readonly ClientFile[]): Promise<readonly Asked[]> {
  const found: Asked[] = []
  for (const file of files) {
    const { exitCode, stdout } = await $`cat ${file.path}`.nothrow().secret()
    const edited = exitCode === 0 ? file.edit(stdout) : { problem: 'it is not there' }
    if ('text' in edited && edited.text !== stdout) found.push(...serversOf(file, edited.text))
  }
  return [...new Map(found.map(item => [JSON.stringify(item), item])).values()]
}

/** A file of variables names no authority. */
function serversOf(file: ClientFile, text: string): readonly Asked[] {
  if (file.style === 'variables') return mastersIn(text).map(url => ({ url, authority: { kind: 'none' } }))
  const cluster = clusterIn(text, posix.dirname(file.path))
  return cluster === undefined ? [] : [{ url: cluster.server, authority: cluster.authority }]
}

/** What is wrong; nothing when an API server has answered, be it that it wants to know who asks. */
async function ask($: RemoteShell, server: string, authority: Authority): Promise<string | undefined> {
  const url = `${server}/readyz`
  const pem = authority.kind === 'pem' ? authority.pem : ''
  const words = authority.kind === 'none' ? ['-k'] : authority.kind === 'file' ? ['--cacert', authority.path] : []
  const answer = await $`command -v curl >/dev/null || { echo 'curl is not installed there'; exit 1; }
ca=$(mktemp) && trap 'rm -f "$ca"' EXIT && cat >"$ca" || exit 1
if [ -s "$ca" ]; then set -- --cacert "$ca"; else set -- ${words}; fi
curl -sS --noproxy '*' --max-time 5 -o /dev/null -w ${'%{http_code}'} "$@" ${url}`
    .nothrow()
    .stdin(pem)
  if (answer.exitCode !== 0) return (answer.stderr || answer.stdout).trim()
  return servingStatuses.some(status => answer.stdout === `${status}`) ? undefined : `it answers ${answer.stdout}`
}
