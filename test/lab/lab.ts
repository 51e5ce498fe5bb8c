import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import type { RunEvent } from '../../engine/journal/events.ts'
import { labInfo, labUp } from '../../scripts/lab/index.mjs'

/**
 * The lab that the tests share: three masters, two nodes, and a spare one that has dnf and no apt; without Kubernetes.
 * It is brought up by the first test that asks.
 */
export const testLab = process.env.ROTA_TEST_LAB ?? 'lab-test'

export async function upLab(
  more: { readonly spareMasters?: number; readonly spareNodes?: number; readonly newer?: readonly string[] } = {},
) {
  await labUp({
    name: testLab,
    masters: 3,
    nodes: 2,
    spareMasters: 0,
    spareNodes: 1,
    dnf: ['node-3'],
    kube: false,
    ...more,
  })
  return labInfo(testLab)
}

export const inventoryFile = `inventory/${testLab}/hosts.ini`

export interface PlaybookResult {
  readonly exitCode: number
  readonly events: readonly RunEvent[]
  readonly stdout: string
  readonly stderr: string
  /** Text of the journal. */
  readonly journal: string
}

/** Runs a playbook as a user does, with `--json`, and gives what it said. Its journal goes to a folder of its own. */
export async function runPlaybook(
  file: string,
  args: readonly string[] = [],
  options: {
    readonly inventory?: string
    readonly interruptOn?: (event: RunEvent) => boolean
    /** The control machine dies: the process is killed and can tell nobody. */
    readonly dieOn?: (event: RunEvent) => boolean
    /** The same when this comes to pass, which is seen elsewhere. */
    readonly dieAfter?: () => Promise<unknown>
    readonly json?: boolean
    /** Where its journal is, for who needs it afterwards. */
    readonly state?: string
    readonly env?: Record<string, string>
  } = {},
): Promise<PlaybookResult> {
  const state = options.state ?? (await mkdtemp(join(tmpdir(), 'rota-test-')))
  try {
    const flags = ['-i', options.inventory ?? inventoryFile, ...(options.json === false ? [] : ['--json']), ...args]
    const child = execa('node', ['node_modules/zx/build/cli.js', file, ...flags], {
      reject: false,
      env: { ...options.env, XDG_STATE_HOME: state },
    })
    const events: RunEvent[] = []
    const death = options.dieAfter?.().finally(() => child.kill('SIGKILL'))
    // It is waited for below; until then its failure is nobody's.
    death?.catch(() => {})
    if (options.json !== false) {
      for await (const line of child.iterable()) {
        const event = JSON.parse(String(line)) as RunEvent
        events.push(event)
        if (options.interruptOn?.(event)) child.kill('SIGINT')
        if (options.dieOn?.(event)) child.kill('SIGKILL')
      }
    }
    await death
    const { exitCode = -1, stdout, stderr } = await child
    const journals = await execa('sh', ['-c', `cat ${state}/rota/runs/*.ndjson 2>/dev/null || :`])
    return { exitCode, events, stdout, stderr, journal: journals.stdout }
  } finally {
    if (options.state === undefined) await rm(state, { recursive: true })
  }
}

/** The last word on each host. */
export function totals(result: PlaybookResult) {
  const finished = result.events.find(event => event.kind === 'runFinished')
  return new Map((finished?.kind === 'runFinished' ? finished.hosts : []).map(total => [total.host, total]))
}

/** Runs a command in a host's container, beside Rota. */
export async function inHost(host: string, command: string): Promise<string> {
  const { stdout } = await execa('docker', ['exec', `rota-${testLab}-${host}`, 'sh', '-c', command])
  return stdout
}

/** An inventory that differs from the lab's: its text changed, in a folder of its own. */
export async function withInventory<T>(
  change: (text: string) => string,
  work: (file: string) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'rota-inventory-'))
  try {
    const file = join(dir, 'hosts.ini')
    await writeFile(file, change(readFileSync(inventoryFile, 'utf8')))
    return await work(file)
  } finally {
    await rm(dir, { recursive: true })
  }
}
