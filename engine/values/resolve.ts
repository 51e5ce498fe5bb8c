import type { Origin } from '../failure/index.ts'
import { refused } from '../failure/index.ts'
import type { Host, Inventory, Variable } from '../inventory/index.ts'
import { isAddress, isTemplated } from '../inventory/index.ts'
import { literalEval, toValue } from '../python/index.ts'
import {
  checkSize,
  evaluateExpression,
  FilterError,
  isLazyMap,
  lazyMap,
  lookups,
  missing,
  type Outside,
  parseTemplate,
  render,
  TemplateError,
  TemplateSyntaxError,
  Work,
} from '../template/index.ts'
import { factNames } from './fact-names.ts'

/** What templates may use beside the inventory: probed facts under Ansible's names. */
export interface Facts {
  readonly facts?: Readonly<Record<string, unknown>>
}

/**
 * A host's variable with its templates evaluated; undefined when the host has none of that name. Only what the value
 * needs is evaluated. Throws a refusal at the place of the template. What uses a secret is a secret.
 */
export function resolveVar(inventory: Inventory, host: Host, name: string, context: Facts = {}): Variable | undefined {
  const variable = host.vars.get(name)
  if (variable === undefined || !isTemplated(variable)) return variable
  const seen = { secret: variable.secret === true }
  const use: Use = { inventory, host, context, names: [{ host, name }], seen, work: new Work() }
  const value = toldToOnSecret(
    ofBoundedSize(resolveValue(variable.value, variable, [], use), variable, use),
    variable,
    use,
  )
  const { origin, source, rank, overrides, node, fromVault = false } = variable
  const locate: Variable['locate'] = path => variable.locate(path)
  return {
    value,
    origin,
    source,
    rank,
    secret: use.seen.secret,
    fromVault,
    overrides,
    locate,
    ...(node ? { node } : {}),
  }
}

interface Use {
  readonly inventory: Inventory
  readonly host: Host
  readonly context: Facts
  /** The variables being evaluated, outermost first. */
  readonly names: readonly Name[]
  /** Set when anything secret was read on the way. */
  readonly seen: { secret: boolean }
  readonly work: Work
}

/** Whoever gets the value walks through it: it must have an end. */
function ofBoundedSize(value: unknown, { origin }: Variable, use: Use): unknown {
  try {
    checkSize(value)
    return value
  } catch (error) {
    throw located(error, origin, use)
  }
}

interface Name {
  readonly host: Host
  readonly name: string
}

type Path = readonly (string | number)[]

function resolveValue(value: unknown, variable: Variable, path: Path, use: Use): unknown {
  if (typeof value === 'string') return isTemplate(value) ? evaluateText(value, variable.locate(path), use) : value
  if (typeof value !== 'object' || value === null) return value
  enter(variable, use)
  const whole = Array.isArray(value)
    ? value.map((item, index) => resolveValue(item, variable, [...path, index], use))
    : Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, resolveValue(inner, variable, [...path, key], use)]),
      )
  use.work.leave()
  return whole
}

function enter(variable: Variable, use: Use): void {
  const wrong = use.work.enter()
  if (wrong !== undefined) throw located(new FilterError(wrong), variable.origin, use)
}

function isTemplate(text: string): boolean {
  return /\{[{%#]/.test(text)
}

/** What goes on around its own steps. */
const costOfTemplate = 20

const single = /^\{\{-?((?:(?!\}\}|\{\{)[\s\S])*?)-?\}\}$/

/**
 * A lone `{{ expression }}` keeps its type (as Ansible 2.19 does; before, numbers became text); anything longer is
 * text, read as a list, mapping or boolean where it looks like one, as in Ansible.
 */
function evaluateText(text: string, origin: Origin, use: Use): unknown {
  const outside = outsideOf(use)
  try {
    use.work.spend(costOfTemplate)
    const tree = parseTemplate(text)
    const only = tree.typename === 'Root' && tree.children.length === 1 ? tree.children[0] : undefined
    const expression = only?.typename === 'Output' && only.children.length === 1 ? only.children[0] : undefined
    if (single.test(text) && expression !== undefined) return evaluateExpression(expression, outside)
    return readBack(render(tree, outside))
  } catch (error) {
    throw located(error, origin, use)
  }
}

function readBack(text: string): unknown {
  if (!/^(?:\[|\{(?!\{)|(?:True|False)$)/.test(text)) return text
  const node = literalEval(text.trim(), 1, 1)
  return node.kind === 'scalar' && node.type === 'str' ? text : toValue(node, '', ciphertext => ciphertext)
}

function located(error: unknown, origin: Origin, use: Use): unknown {
  const variable = use.names.at(-1)?.name
  if (error instanceof TemplateSyntaxError) {
    return refused([{ message: `template of '${variable}': ${wordsOf(error, use)}`, origin }])
  }
  const reason = error instanceof FilterError ? wordsOf(error, use) : error instanceof RangeError ? tooDeep : undefined
  if (reason !== undefined) return refused([{ message: `template of '${variable}': ${reason}`, origin }])
  if (!(error instanceof TemplateError)) return error
  // On the template's first line the column can be told exactly for what was written without quotes or escapes.
  const column = error.at.lineno === 0 ? origin.column + error.at.colno : origin.column
  const place = { file: origin.file, line: origin.line + error.at.lineno, column }
  const fact = /'(ansible_\w+)/.exec(error.message)?.[1]
  const hints = [
    ...(use.names.length > 1 ? [`needed by ${trailOf(use)}`] : []),
    ...(fact && error.message.endsWith('is undefined') ? [aboutFact(fact)] : []),
  ]
  const trail = hints.length > 0 ? { hint: hints.join('; ') } : {}
  return refused([{ message: `template of '${variable}': ${wordsOf(error, use)}`, origin: place, ...trail }])
}

/** What a filter has half-way made of a secret is known to nobody: a message that may quote it is not passed on. */
function wordsOf({ message }: Error, { seen }: Use): string {
  return seen.secret && !/ is (?:undefined|not supported)(?: here)?$/.test(message)
    ? "it can't be evaluated; what is wrong is not told, for it is made from a secret"
    : message
}

/** What the stack has no room for. */
const tooDeep = 'it is nested too deeply'

function aboutFact(name: string): string {
  return factNames.has(name)
    ? 'the fact is not known of this host: set the variable in the inventory'
    : `templates may use these facts: ${[...factNames].join(', ')}`
}

function trailOf(use: Use): string {
  const names = use.names.slice(0, -1).map(one => `'${one.name}'`)
  return names.reverse().join(', which is needed by ')
}

function outsideOf(use: Use): Outside {
  const variable = (name: string) => lookUp(name, use)
  const { playbookDir, readText } = use.inventory
  const secret = () => {
    use.seen.secret = true
  }
  return {
    variable,
    work: use.work,
    lookup: lookups({ variable, readText, secret, ...(playbookDir === undefined ? {} : { playbookDir }) }),
  }
}

/** A variable, a magic variable, or a fact; all evaluated when they are read. */
function lookUp(name: string, use: Use): unknown {
  const variable = use.host.vars.get(name)
  if (variable !== undefined) return readVariable(name, variable, use)
  const magic = magicVariable(name, use)
  if (magic !== undefined) return magic
  const facts = factNames.has(name) ? factsFor(use) : use.context.facts
  return facts && Object.hasOwn(facts, name) ? facts[name] : missing(name)
}

/** Those of the host whose variable is being read: `hostvars['other']` has its own. */
function factsFor({ host, inventory, context }: Use): Readonly<Record<string, unknown>> | undefined {
  return context.facts ?? inventory.factsOf?.(host.name)
}

function readVariable(name: string, variable: Variable, use: Use): unknown {
  if (variable.secret === true) use.seen.secret = true
  if (!isTemplated(variable)) return variable.value
  if (use.names.some(one => one.name === name && one.host === use.host)) {
    const circle = [...use.names.map(one => one.name), name].join(' → ')
    const message = `'${name}' is made from itself: ${circle}`
    throw refused([{ message, origin: variable.origin }])
  }
  if (use.names.length >= longestWay) {
    const message = `'${use.names[0]?.name}' needs more than ${longestWay} variables, one made from the other, up to '${name}'`
    throw refused([{ message, origin: variable.origin }])
  }
  const inner: Use = { ...use, names: [...use.names, { host: use.host, name }] }
  return toldToOnSecret(resolveValue(variable.value, variable, [], inner), variable, inner)
}

/** Before anything else can be made of it, or said about it. */
function toldToOnSecret(value: unknown, variable: Variable, use: Use): unknown {
  // Whoever is told walks through it.
  if (use.seen.secret && !isLazyMap(value)) use.inventory.onSecret?.(ofBoundedSize(value, variable, use))
  return value
}

/** Further than Ansible's own templates can go. */
const longestWay = 100

/** Ansible's `ansible_facts.hostname` is `ansible_hostname`. */
function unprefixed(facts: Readonly<Record<string, unknown>> | undefined): unknown {
  return (
    facts && Object.fromEntries(Object.entries(facts).map(([name, value]) => [name.replace(/^ansible_/, ''), value]))
  )
}

function magicVariable(name: string, use: Use): unknown {
  const { inventory, host } = use
  const source = inventory.sources[0] ?? ''
  switch (name) {
    case 'inventory_hostname':
      return host.name
    case 'inventory_hostname_short':
      return isAddress(host.name) ? host.name : (host.name.split('.')[0] ?? host.name)
    case 'group_names':
      return host.groups
    case 'groups':
      return Object.fromEntries(
        [...inventory.groups.keys()].map(group => [group, inventory.hostsOf(group).map(one => one.name)]),
      )
    case 'hostvars':
      return lazyMap(other => {
        const found = inventory.hosts.get(other)
        return found === undefined
          ? missing(`hostvars['${other}']`)
          : lazyMap(inner => lookUp(inner, { ...use, host: found }))
      })
    case 'inventory_file':
      return source
    case 'inventory_dir':
      return inventory.dir
    case 'playbook_dir':
      return inventory.playbookDir
    case 'ansible_facts':
      return unprefixed(factsFor(use))
    default:
      return undefined
  }
}
