/** An object of the cluster as it is, and as it would be. */
export interface Difference {
  /** `Deployment kube-system/coredns`. */
  readonly object: string
  readonly before: string
  readonly after: string
}

/** The whole of each object is among its lines: so the text of before and that of after are known. */
export const wholeDiff = 'diff -U99999 -N'

/**
 * What `kubectl diff` prints, without objects in which only that differs which the API server keeps itself: old ones
 * write down anew when a field was set last.
 */
export function differencesIn(printed: string): readonly Difference[] {
  const found: { object: string; before: string[]; after: string[]; begun: boolean }[] = []
  for (const line of printed.split('\n')) {
    const name = /^diff .*\/MERGED-[^/ ]*\/(\S+)$/.exec(line)?.[1]
    const last = found.at(-1)
    if (name !== undefined) found.push({ object: objectOf(name), before: [], after: [], begun: false })
    else if (last === undefined) continue
    else if (line.startsWith('@@')) last.begun = true
    else if (last.begun && /^[ +-]/.test(line)) {
      if (!line.startsWith('+')) last.before.push(line.slice(1))
      if (!line.startsWith('-')) last.after.push(line.slice(1))
    }
  }
  return found
    .map(({ object, before, after }) => ({ object, before: withoutKept(before), after: withoutKept(after) }))
    .filter(({ before, after }) => before !== after)
}

/** Without `generation` and `managedFields` of the metadata, which kubectl prints as YAML with sorted keys. */
function withoutKept(lines: readonly string[]): string {
  let [section, field] = ['', '']
  return lines
    .filter(line => {
      const [, indent, key] = /^( {2})?(\w[^:]*):/.exec(line) ?? []
      if (key !== undefined) [section, field] = indent === undefined ? [key, ''] : [section, key]
      return section !== 'metadata' || !['generation', 'managedFields'].includes(field)
    })
    .join('\n')
}

/** kubectl's name for the file of an object: `apps.v1.Deployment.kube-system.coredns`. */
function objectOf(file: string): string {
  const [, kind, namespace, name] = /^(?:.*\.)?v\d\w*\.([A-Z]\w*)\.([a-z0-9-]*)\.(.+)$/.exec(file) ?? []
  if (kind === undefined || namespace === undefined || name === undefined) return file
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
}

/** As one text before and one after. kubectl hides what a Secret holds, but not what it remembers of its last apply. */
export const asDiff = (path: string, differences: readonly Difference[]) => ({
  path,
  before: differences.map(({ object, before }) => shown(object, before)).join('\n'),
  after: differences.map(({ object, after }) => shown(object, after)).join('\n'),
})

const shown = (object: string, text: string): string =>
  `# ${object}\n${object.startsWith('Secret ') ? `# ${text === '' ? 'none' : 'not shown'}` : text}`

/** The value of a field that is of another type, which may be a password: `expected string, got …{Value:12345678}`. */
const withoutValue = (line: string): string => line.replace(/(expected [a-z]+), got .*/, '$1')

/** Why `kubectl diff` could not tell. */
export type Reason =
  | { readonly kind: 'not there yet'; readonly text: string }
  | { readonly kind: 'others have set it'; readonly text: string }
  | { readonly kind: 'failed'; readonly text: string }

export function reasonOf(said: string): Reason {
  const text = said
    .split('\n')
    .map(line => withoutValue(line.trim()))
    .filter(line => line !== '' && !/^(?:W\d{4} |Warning: )/.test(line))
    .join(' ')
  if (isConflict.test(text)) return { kind: 'others have set it', text: text.replace(/^.*?(?=conflicts? with)/, '') }
  return { kind: isNotThereYet.test(text) ? 'not there yet' : 'failed', text: text.slice(-1000) }
}

const isConflict = /Apply failed with \d+ conflict/

/** A kind or a namespace that comes with the same manifests. */
const isNotThereYet = /no matches for kind|namespaces "[^"]*" not found/
