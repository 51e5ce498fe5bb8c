import { editedText, type TextEdit } from '../lib/cluster/index.ts'

/** Where the value of a param stands: section, keywords. */
const places: Readonly<Record<string, readonly string[]>> = {
  connectTimeout: ['defaults: timeout connect'],
  clientTimeout: ['defaults: timeout client'],
  serverTimeout: ['defaults: timeout server'],
  resilient: ['defaults: option redispatch', 'backend kube_api_backend: default-server'],
  check: ['backend kube_api_backend: option httpchk'],
  anonymousAuth: ['backend kube_api_backend: http-check'],
  checkInterval: ['backend kube_api_backend: default-server'],
  fall: ['backend kube_api_backend: default-server'],
  rise: ['backend kube_api_backend: default-server'],
  slowStart: ['backend kube_api_backend: default-server'],
}

/**
 * The configuration that kubespray has left on a node, with our list of masters and what the operator has set;
 * everything else stays byte for byte, so that kubespray's next run finds what it would write itself. Nothing where the
 * text is not kubespray's, or leads elsewhere than the wanted one: then that is written whole.
 *
 * @param wanted the configuration as this role writes it
 * @param isSet whether the operator has set a param of the role
 */
export function takenOver(current: string, wanted: string, isSet: (param: string) => boolean): string | undefined {
  const theirs = linesIn(current)
  const ours = linesIn(wanted)
  if (!isKubesprays(theirs) || !leadsAlike(theirs, ours)) return undefined
  const set = new Set(Object.entries(places).flatMap(([param, keys]) => (isSet(param) ? keys : [])))
  const changed = [...set].map(key => lineEdit(theirs, ours, key))
  if (changed.includes(undefined)) return undefined
  const edits = [...serverEdits(current, theirs, ours), ...changed.flatMap(edit => edit ?? [])]
  return editedText(current, edits)
}

interface Line {
  readonly section: string
  readonly words: readonly string[]
  /** Of the words, without the space around them. */
  readonly start: number
  readonly end: number
}

const sections = new Set(['global', 'defaults', 'frontend', 'backend', 'listen'])

function linesIn(text: string): readonly Line[] {
  let section = ''
  let at = 0
  const found: Line[] = []
  for (const line of text.split('\n')) {
    const body = line.replace(/(^|\s)#.*$/, '').trimEnd()
    const words = body
      .trim()
      .split(/\s+/)
      .filter(word => word !== '')
    if (sections.has(words[0] ?? '')) section = words.join(' ')
    else if (words.length > 0)
      found.push({ section, words, start: at + body.length - body.trimStart().length, end: at + body.length })
    at += line.length + 1
  }
  return found
}

const key = ({ section, words }: Line): string =>
  `${section}: ${['timeout', 'option'].includes(words[0] ?? '') ? words.slice(0, 2).join(' ') : words[0]}`

const withKey = (lines: readonly Line[], wanted: string): readonly Line[] => lines.filter(line => key(line) === wanted)

const backend = 'backend kube_api_backend'

/** Ours says `fastinter` and `redispatch 1`, where it is not told to write what kubespray does. */
const isKubesprays = (lines: readonly Line[]): boolean =>
  withKey(lines, `${backend}: server`).length > 0 &&
  withKey(lines, `${backend}: default-server`).length === 1 &&
  !lines.some(({ words }) => words.includes('fastinter')) &&
  withKey(lines, 'defaults: option redispatch').every(({ words }) => words.length === 2) &&
  withKey(lines, 'frontend kube_api_frontend: default_backend').some(({ words }) => words[1] === 'kube_api_backend')

/** Clients and the kubelet's probes find what they look for; more addresses, as of a dual stack, do no harm. */
function leadsAlike(theirs: readonly Line[], ours: readonly Line[]): boolean {
  const binds = (lines: readonly Line[], section: string) =>
    withKey(lines, `frontend ${section}: bind`).map(({ words }) => (words[1] ?? '').replace(/;$/, ''))
  return ['kube_api_frontend', 'healthz'].every(section => {
    const present = new Set(binds(theirs, section))
    return binds(ours, section).every(bind => present.has(bind))
  })
}

/** kubespray writes one server a line, in the order of the group; so do we. */
function serverEdits(text: string, theirs: readonly Line[], ours: readonly Line[]): readonly TextEdit[] {
  const listed = withKey(theirs, `${backend}: server`)
  const wanted = withKey(ours, `${backend}: server`)
  const name = ({ words }: Line): string => words.slice(1, 3).join(' ').toLowerCase()
  const present = new Map(listed.map(line => [name(line), text.slice(line.start, line.end)]))
  const [first] = listed
  if (first === undefined) return []
  if (wanted.length === present.size && wanted.every(line => present.has(name(line)))) return []
  const indent = text.slice(text.lastIndexOf('\n', first.start) + 1, first.start)
  const lines = wanted.map(line => present.get(name(line)) ?? line.words.join(' '))
  return [
    { start: first.start, end: first.end, text: lines.join(`\n${indent}`) },
    ...listed.slice(1).map(({ start, end }) => ({ start: text.lastIndexOf('\n', start), end, text: '' })),
  ]
}

/** One line in the place of another; nothing where it is not there once. */
function lineEdit(theirs: readonly Line[], ours: readonly Line[], wanted: string): readonly TextEdit[] | undefined {
  const [one, ...more] = withKey(theirs, wanted)
  const [other] = withKey(ours, wanted)
  if (one === undefined || other === undefined || more.length > 0) return undefined
  const words = other.words.join(' ')
  return one.words.join(' ') === words ? [] : [{ start: one.start, end: one.end, text: words }]
}
