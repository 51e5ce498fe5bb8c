import type { Origin, Problem } from '../failure/index.ts'
import { isFailure, refused } from '../failure/index.ts'
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
 * A host's variable, or the default of that name, with its templates evaluated; undefined when there is neither. Only
 * what the value needs is evaluated. Throws a refusal at the place of the template; a default that can't be evaluated
 * counts as not set. What uses a secret is a secret.
 */
export function resolveVar(inventory: Inventory, host: Host, name: string, context: Facts = {}): Variable | undefined {
  const variable = host.vars.get(name)
  if (variable !== undefined)
    return completed(evaluatedVar(variable, inventory, host, name, context), inventory, host, name)
  const found = resolveDefault(inventory, host, name, context)
  if (found === undefined || 'value' in found) return found
  inventory.onUnset?.(name, host.name, found.why)
  return undefined
}

/**
 * A text as a whole with its templates evaluated, `values` before the host's variables; and whether anything secret was
 * read for it. Throws a refusal at its place.
 */
export function renderTemplate(
  inventory: Inventory,
  host: Host,
  text: string,
  origin: Origin,
  values: Readonly<Record<string, unknown>>,
): { readonly text: string; readonly secret: boolean } {
  const seen: Use['seen'] = { secret: false, lacksFacts: false }
  const use: Use = { inventory, host, context: {}, names: [], seen, work: new Work() }
  const outside = outsideOf(use)
  const variable: Outside['variable'] = name => (Object.hasOwn(values, name) ? values[name] : outside.variable(name))
  try {
    return { text: render(parseTemplate(text), { ...outside, variable }), secret: seen.secret }
  } catch (error) {
    throw located(error, origin, use)
  }
}

/** With what is left out of it, where the inventory's rules say so. A value that is the same is the same object. */
function completed(variable: Variable, inventory: Inventory, host: Host, name: string): Variable {
  const value = completedValue(variable.value, inventory, host, name)
  if (value === variable.value) return variable
  const known = wholes.get(variable) ?? new Map<unknown, Variable>()
  wholes.set(variable, known)
  const whole = known.get(value) ?? withValue(variable, value, variable.secret === true)
  known.set(value, whole)
  return whole
}

const wholes = new WeakMap<Variable, Map<unknown, Variable>>()

function completedValue(value: unknown, inventory: Inventory, host: Host, name: string): unknown {
  const { completes } = inventory
  if (completes === undefined || typeof value !== 'string' || !Object.hasOwn(completes, name)) return value
  // What it is made whole with is taken as it is written.
  const written: Inventory = { ...inventory, completes: undefined }
  const found = completes[name]?.(value, other => resolveVar(written, host, other)?.value)
  if (found === undefined) return value
  inventory.onCompleted?.(found.how)
  return found.text
}

/** The default of a name on a host, or why it counts as not set there. */
export function resolveDefault(
  inventory: Inventory,
  host: Host,
  name: string,
  context: Facts = {},
): Variable | { readonly why: Problem } | undefined {
  const { defaults } = inventory
  if (defaults === undefined || !defaults.names.has(name) || defaults.forTemplates.has(name)) return undefined
  const seen: Use['seen'] = { secret: false, lacksFacts: false }
  try {
    const written = defaults.get(name)
    if (written === undefined || !isTemplated(written)) return written
    const known = memoryOf(written)
    const before = known.byHost.get(host)
    if (before !== undefined) return before
    const variable = evaluatedVar(written, inventory, host, name, context, seen)
    if (seen.lacksFacts) throw refused([{ message: `the default of ${name} needs facts of ${host.name}` }])
    return variable.secret === true ? variable : kept(variable, host, known)
  } catch (error) {
    // What is wrong in the inventory itself is refused as ever, whoever asks for it; and whoever can probe the facts
    // that are lacking is to do so, instead of getting what it would be without.
    if (!isFailure(error, 'refused') || seen.lacksFacts) throw error
    const [why] = error.reason.problems
    if (why?.origin === undefined || !defaults.files.has(why.origin.file)) throw error
    return { why }
  }
}

/** What a default has come to. Hosts for which it is the same share it: what follows from it is worked out once. */
interface Memory {
  readonly byHost: WeakMap<Host, Variable>
  readonly byValue: Map<string, Variable>
}

const memories = new WeakMap<Variable, Memory>()

function memoryOf(written: Variable): Memory {
  const known = memories.get(written) ?? { byHost: new WeakMap(), byValue: new Map() }
  memories.set(written, known)
  return known
}

function kept(variable: Variable, host: Host, { byHost, byValue }: Memory): Variable {
  const key = JSON.stringify(variable.value)
  const shared = byValue.get(key) ?? variable
  byValue.set(key, shared)
  byHost.set(host, shared)
  return shared
}

function evaluatedVar(
  variable: Variable,
  inventory: Inventory,
  host: Host,
  name: string,
  context: Facts,
  seen: Use['seen'] = { secret: false, lacksFacts: false },
): Variable {
  if (!isTemplated(variable)) return variable
  if (variable.secret === true) seen.secret = true
  const use: Use = { inventory, host, context, names: [{ host, name }], seen, work: new Work() }
  const value = toldToOnSecret(
    ofBoundedSize(resolveValue(variable.value, variable, [], use), variable, use),
    variable,
    use,
  )
  return withValue(variable, value, use.seen.secret)
}

function withValue(variable: Variable, value: unknown, secret: boolean): Variable {
  const { origin, source, rank, overrides, node, fromVault = false } = variable
  const locate: Variable['locate'] = path => variable.locate(path)
  return { value, origin, source, rank, secret, fromVault, overrides, locate, ...(node ? { node } : {}) }
}

interface Use {
  readonly inventory: Inventory
  readonly host: Host
  readonly context: Facts
  /** The variables being evaluated, outermost first. */
  readonly names: readonly Name[]
  /** Set when anything secret was read on the way, or facts that are not known yet. */
  readonly seen: { secret: boolean; lacksFacts: boolean }
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
  const what = variable === undefined ? 'template' : `template of '${variable}'`
  if (error instanceof TemplateSyntaxError) {
    return refused([{ message: `${what}: ${wordsOf(error, use)}`, origin }])
  }
  const reason = error instanceof FilterError ? wordsOf(error, use) : error instanceof RangeError ? tooDeep : undefined
  if (reason !== undefined) return refused([{ message: `${what}: ${reason}`, origin }])
  if (!(error instanceof TemplateError)) return error
  // Of a variable only on the template's first line, and exactly for what was written without quotes or escapes.
  const column = error.at.lineno === 0 || variable === undefined ? origin.column + error.at.colno : origin.column
  const place = { file: origin.file, line: origin.line + error.at.lineno, column }
  const fact = /'(ansible_\w+)/.exec(error.message)?.[1]
  const hints = [
    ...(use.names.length > 1 ? [`needed by ${trailOf(use)}`] : []),
    ...(fact && error.message.endsWith('is undefined') ? [aboutFact(fact)] : []),
  ]
  const trail = hints.length > 0 ? { hint: hints.join('; ') } : {}
  return refused([{ message: `${what}: ${wordsOf(error, use)}`, origin: place, ...trail }])
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

/** A variable, a magic variable, a fact, or a default; all evaluated when they are read. */
function lookUp(name: string, use: Use): unknown {
  const variable = use.host.vars.get(name)
  if (variable !== undefined) return completedValue(readVariable(name, variable, use), use.inventory, use.host, name)
  const magic = magicVariable(name, use)
  if (magic !== undefined) return magic
  const facts = factNames.has(name) ? factsFor(use) : use.context.facts
  if (facts && Object.hasOwn(facts, name)) return facts[name]
  const fallback = use.inventory.defaults?.get(name)
  return fallback === undefined ? missing(name) : readVariable(name, fallback, use)
}

/** Those of the host whose variable is being read: `hostvars['other']` has its own. */
function factsFor({ host, inventory, context, seen }: Use): Readonly<Record<string, unknown>> | undefined {
  if (context.facts !== undefined || inventory.factsOf === undefined) return context.facts
  const facts = inventory.factsOf(host.name)
  if (facts === undefined) seen.lacksFacts = true
  return facts
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
