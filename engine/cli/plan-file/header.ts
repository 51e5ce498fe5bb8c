import { hostname } from 'node:os'
import { relative } from 'node:path'
import type { Problem } from '../../failure/index.ts'
import { extraVarsIn } from '../../inventory/index.ts'
import type { AskedFlag } from '../../journal/index.ts'
import type { Redactor } from '../../secrets/index.ts'
import { texts } from '../../values/index.ts'
import { askedFlag, extraVars, ofTheMoment, ofTheWindow, userName } from '../asked.ts'
import { ownCode, ownName, sum } from '../made-of.ts'
import type { PreparedRun } from '../prepare-run.ts'
import { madeOfNow } from '../started.ts'
import { type Key, keyOf } from './key.ts'
import type { Header } from './schema.ts'

/** What may be said anew of a plan: it does not say what is done. */
export const freeOfPlan: readonly string[] = [...ofTheMoment, ...ofTheWindow, '--check', '--diff', '--forks', '--apply']

/**
 * The key of a run's plan: of all secrets that are known once it is prepared, and of what was given and is not kept.
 */
export function keyFor(run: PreparedRun, redactor: Redactor): Key {
  const hidden = run.flags.given.flatMap(one => {
    const { flag, value = '' } = one
    if (!('secret' in askedFlag(one, redactor))) return []
    if (flag !== extraVars || value.startsWith('@')) return [JSON.stringify([flag, value])]
    return extraVarsIn(value).map(({ name, value: set }) => JSON.stringify([name, texts(set)]))
  })
  return keyOf([...run.secrets(), ...hidden], JSON.stringify(whose(run)))
}

const whose = ({ playbook, options }: Pick<PreparedRun, 'playbook' | 'options'>) => ({
  playbook: playbook.name,
  file: relative(process.cwd(), playbook.file),
  inventory: [...options.sources],
})

/** What a plan of this run would be made of. `planFile` is none of it. */
export function headerOf(run: PreparedRun, redactor: Redactor, key: Key, planFile?: string): Header {
  const sumOf = (content: string | Uint8Array) => {
    const text = Buffer.from(content).toString()
    return redactor.text(text) === text ? sum(content) : `${withSecret}${key.sum(content)}`
  }
  const { version, inventory, code } = madeOfNow(run, redactor, sumOf)
  const { playbook, file, inventory: sources } = whose(run)
  return {
    plan: 1,
    made: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    by: redactor.text(`${userName()}@${hostname()}`),
    playbook,
    file: redactor.text(file),
    version,
    inventory: sources.map(redactor.text),
    flags: flagsOf(run, redactor),
    read: sumsOf(inventory.filter(({ path }) => path !== planFile)),
    code: sumsOf([...code.filter(({ path }) => path !== ownName), ownCode()]),
    secrets: key.mark,
  }
}

/** Of a file with a secret in it: by the plan's key. */
const withSecret = 'with secrets '

const flagsOf = ({ flags }: PreparedRun, redactor: Redactor): Header['flags'] =>
  flags.given
    .filter(({ flag }) => !freeOfPlan.includes(flag) || flag === '--forks')
    .map(one => askedFlag(one, redactor))
    .map(one => ('secret' in one ? { flag: one.flag, secret: [...one.secret] } : one))

/** As `merged` takes them. */
export const storedFlags = ({ flags }: Header): readonly AskedFlag[] =>
  flags.map(({ flag, value, secret }) => {
    if (secret) return { flag, secret }
    return value === undefined ? { flag } : { flag, value }
  })

const sumsOf = (digests: readonly { readonly path: string; readonly digest: string }[]): Record<string, string> =>
  Object.fromEntries(digests.map(({ path, digest }): [string, string] => [path, digest]).sort())

/** What is another than it was when the plan was made, with both; all of it at once. */
export function headerProblems(planned: Header, now: Header): readonly Problem[] {
  const other = (what: string, then: string | undefined, is: string | undefined): readonly Problem[] => {
    if (then === is) return []
    const [old, current] = [then ?? 'nothing', is ?? 'nothing']
    return [{ message: `${what}: the plan was made with ${old}, and now it is ${current}`, hint: anew }]
  }
  const isSecretOther = planned.secrets !== now.secrets
  const files = (what: string, then: Header['read'], is: Header['read']) =>
    [...new Set([...Object.keys(then), ...Object.keys(is)])].sort().flatMap(path => {
      const [old, current] = [then[path], is[path]]
      const isUntold = isSecretOther && old?.startsWith(withSecret) && current?.startsWith(withSecret)
      return isUntold ? [] : other(`${what} ${path}`, old, current)
    })
  const secrets = {
    message: 'the secrets of the run (what vaults, extra variables and params hold) are others than those of the plan',
    hint: 'give the same, or make the plan anew',
  }
  return [
    ...other('playbook', planned.playbook, now.playbook),
    ...other("the playbook's file", planned.file, now.file),
    ...other('version of Rota', planned.version, now.version),
    ...other('inventory', planned.inventory.join(', '), now.inventory.join(', ')),
    ...files('what the inventory was read from,', planned.read, now.read),
    ...files('code,', planned.code, now.code),
    ...(isSecretOther ? [secrets] : []),
  ]
}

const anew = 'make the plan anew with --plan-out'
