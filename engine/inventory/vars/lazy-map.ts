import type { Entry, MapNode } from '../../python/index.ts'

/** A mapping whose entries are taken apart when somebody reads them: one for each host of a large inventory. */
export class LazyMap implements MapNode {
  readonly kind = 'map'
  readonly line: number
  readonly column: number
  private readonly read: () => readonly Entry[]
  private known: readonly Entry[] | undefined

  constructor(line: number, column: number, read: () => readonly Entry[]) {
    this.line = line
    this.column = column
    this.read = read
    this.known = undefined
  }

  get entries(): readonly Entry[] {
    this.known ??= this.read()
    return this.known
  }
}
