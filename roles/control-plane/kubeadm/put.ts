import { isDeepStrictEqual } from 'node:util'
import type { Kubectl } from '../../lib/cluster/kubectl.ts'
import { type Addon, comparable, pathOf } from './addon.ts'
import type { Mend } from './addons.ts'

type At = Pick<Kubectl, '$' | 'words'>

/**
 * Puts an object back, byte for byte: `kubectl replace` and `kubectl create` would write what they are given into the
 * annotation that `kubectl apply` remembers the object by. Tells whether anything has changed by it; what the API
 * server then has is compared.
 */
export async function replace(
  { $, words }: At,
  { object, over }: Extract<Mend, { kind: 'replace' }>,
): Promise<boolean> {
  const path = pathOf(object)
  // Its controller writes the state into it, and each time the resourceVersion is another.
  for (let [left, version] = [5, over]; ; left -= 1) {
    const wanted = { ...object, metadata: { ...object.metadata, resourceVersion: version } }
    const answer = await $`${words} replace --raw ${path} -f -`.stdin(JSON.stringify(wanted)).nothrow()
    if (answer.exitCode === 0) return proven(object, answer.stdout).metadata.resourceVersion !== version
    if (left === 0 || !/has been modified|Conflict/i.test(answer.stderr))
      throw new Error(`${object.kind} ${object.metadata.name} could not be put back: ${answer.stderr.trim()}`)
    version = parsed((await $`${words} get --raw ${path}`).stdout).metadata.resourceVersion
  }
}

export async function create({ $, words }: At, { object }: Extract<Mend, { kind: 'create' }>): Promise<boolean> {
  const path = pathOf(object).replace(/\/[^/]+$/, '')
  proven(object, (await $`${words} create --raw ${path} -f -`.stdin(JSON.stringify(object))).stdout)
  return true
}

function proven(wanted: Addon, text: string): Addon {
  const answer = parsed(text)
  const field = differing(comparable(wanted), comparable(answer))
  if (field !== undefined)
    throw new Error(`${wanted.kind} ${wanted.metadata.name} was put back, and is not as it was: ${field}`)
  return answer
}

const parsed = (text: string): Addon => JSON.parse(text) as Addon

/**
 * The path of a field that the API server has otherwise than it was told. A field more is no difference: one that is
 * newer than the object has its default.
 */
function differing(wanted: unknown, is: unknown, path = ''): string | undefined {
  if (Array.isArray(wanted) && Array.isArray(is) && wanted.length === is.length)
    return first(wanted.map((item, index) => differing(item, is[index], `${path}[${index}]`)))
  if (isObject(wanted) && isObject(is))
    return first(Object.keys(wanted).map(name => differing(wanted[name], is[name], `${path}.${name}`)))
  // What is null is not there.
  return isDeepStrictEqual(wanted ?? undefined, is ?? undefined) ? undefined : path
}

const first = (paths: readonly (string | undefined)[]): string | undefined => paths.find(path => path !== undefined)

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
