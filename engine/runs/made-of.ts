import type { Digest } from '../journal/index.ts'

/** What a run is made of beside its flags. */
export interface MadeOf {
  readonly version: string
  readonly inventory: readonly Digest[]
  readonly code: readonly Digest[]
}

/** What is another now, a line each; nothing where all is the same. */
export function differences(before: MadeOf, now: MadeOf): readonly string[] {
  const version = before.version === now.version ? [] : [`Rota itself: ${before.version} then, ${now.version} now`]
  return [...version, ...changes(before.inventory, now.inventory), ...changes(before.code, now.code)]
}

function changes(before: readonly Digest[], now: readonly Digest[]): readonly string[] {
  const was = new Map(before.map(({ path, digest }) => [path, digest]))
  const is = new Map(now.map(({ path, digest }) => [path, digest]))
  const gone = [...was.keys()].filter(path => !is.has(path)).map(path => `${path} is not read any more`)
  const other = [...is].flatMap(([path, digest]) => {
    if (!was.has(path)) return [`${path} was not read then`]
    return was.get(path) === digest ? [] : [`${path} has changed`]
  })
  return [...other, ...gone]
}
