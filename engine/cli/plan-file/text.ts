import { type Origin, type Refused, refused } from '../../failure/index.ts'
import { hostsNamed } from '../../report/index.ts'
import { sum } from '../made-of.ts'
import { type Plan, schema } from './schema.ts'

/** The beginning, by which a plan is known. */
const title = '# A plan of Rota: what a run does with --apply of this file, and nothing else.\n'
const about = '# The last line is the checksum of all above it.\n'
const last = 'checksum: '

/** A line a thing, always in the same order, so that two plans can be compared. */
export async function planText(plan: Plan): Promise<string> {
  const { stringify } = await import('yaml')
  const told = `${title}${about}${stringify(plan, { lineWidth: 0, aliasDuplicateObjects: false })}`
  return `${told}${last}${sum(told)}\n`
}

export const isPlan = (text: string): boolean => text.startsWith(title)

/** Throws where it is no plan, or not as it was written. */
export async function readPlan(text: string, file: string): Promise<Plan> {
  if (!isPlan(text)) throw no(file, 'this is no plan of Rota', 'write one with --plan-out FILE')
  const at = text.lastIndexOf(`\n${last}`) + 1
  const told = text.slice(0, at)
  if (at === 0 || text.slice(at) !== `${last}${sum(told)}\n`)
    throw no(
      file,
      'this plan is not as it was written: it was cut short, or somebody has changed it',
      'make it anew with --plan-out; a plan is not to be edited',
    )
  const { parse } = await import('yaml')
  const { Ajv } = await import('ajv')
  const isValid = new Ajv({ strict: false }).compile<Plan>(schema)
  const plan: unknown = parsed(parse, told, file)
  if (!isValid(plan)) {
    const [wrong] = isValid.errors ?? []
    const message = `this is no plan that this version of Rota can read: ${wrong?.instancePath} ${wrong?.message}`
    throw no(file, message, 'make it anew with --plan-out')
  }
  mustNameHosts(plan, file)
  return plan
}

function parsed(parse: (text: string) => unknown, told: string, file: string): unknown {
  try {
    return parse(told)
  } catch (error) {
    throw no(file, `this is no plan that can be read: ${String(error)}`, 'make it anew with --plan-out')
  }
}

function mustNameHosts({ plays }: Plan, file: string): void {
  try {
    for (const { hosts, changes, facts } of plays)
      for (const words of [hosts, ...[...changes, ...facts].map(one => one.hosts)]) hostsNamed(words)
  } catch (error) {
    throw no(file, `this is no plan that can be read: ${String(error)}`, 'make it anew with --plan-out')
  }
}

const no = (file: string, message: string, hint: string): Refused => refused([{ message, origin: start(file), hint }])

const start = (file: string): Origin => ({ file, line: 1, column: 1 })
