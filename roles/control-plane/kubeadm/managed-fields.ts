/**
 * Whose each field of an object is, as Kubernetes writes it down itself since 1.18
 * (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management).
 */
export interface Managed {
  readonly manager?: string
  readonly fieldsV1?: Tree
}

/**
 * `f:NAME` is a field, `k:{…}` the item of a list with these keys, `v:…` a value of a set; one with nothing below is
 * whole.
 */
interface Tree {
  readonly [key: string]: Tree
}

// kubectl writes this one when it restarts pods: it is no setting of anybody's.
const noSetting = 'f:kubectl.kubernetes.io/restartedAt'

/**
 * `is`, with each field as `was` has it that somebody else than `owners` had written there. A field that `was` has not
 * stays as it is.
 */
export function withFieldsOfOthers<T extends object>(
  is: T,
  was: T,
  managed: readonly Managed[],
  owners: readonly string[],
): T {
  const others = managed.filter(({ manager = '' }) => !owners.includes(manager))
  return others.reduce<unknown>((value, { fieldsV1 = {} }) => put(value, was, fieldsV1), is) as T
}

function put(is: unknown, was: unknown, tree: Tree): unknown {
  const names = Object.keys(tree).filter(name => name !== '.' && name !== noSetting)
  if (Array.isArray(was)) return names.reduce((list, name) => putItem(list, was, [name, tree[name] ?? {}]), asList(is))
  if (!isObject(was)) return is
  const value = isObject(is) ? is : {}
  const fields = names
    .filter(name => name.startsWith('f:') && Object.hasOwn(was, name.slice(2)))
    .map(name => {
      const [field, below] = [name.slice(2), tree[name] ?? {}]
      return [field, isWhole(below) ? was[field] : put(value[field], was[field], below)] as const
    })
    // Nothing of it was put, and the API server would drop what is empty.
    .filter(([field, item]) => Object.hasOwn(value, field) || !isEmpty(item))
  return { ...value, ...Object.fromEntries(fields) }
}

function putItem(
  list: readonly unknown[],
  was: readonly unknown[],
  [name, below]: readonly [name: string, below: Tree],
): readonly unknown[] {
  const wanted = parsed(name.slice(2))
  const isIt = (item: unknown): boolean =>
    name.startsWith('v:') ? item === wanted : name.startsWith('k:') && hasKeys(item, wanted)
  const old = was.find(isIt)
  if (old === undefined) return list
  if (!list.some(isIt)) return [...list, old]
  return list.map(item => (isIt(item) && !isWhole(below) ? put(item, old, below) : item))
}

const isWhole = (tree: Tree): boolean => Object.keys(tree).length === 0

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  (isObject(value) && Object.keys(value).length === 0) ||
  (Array.isArray(value) && value.length === 0)

const hasKeys = (item: unknown, keys: unknown): boolean =>
  isObject(item) && isObject(keys) && Object.entries(keys).every(([name, value]) => item[name] === value)

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
