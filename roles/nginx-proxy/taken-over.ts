import { editedText, type TextEdit } from '../lib/cluster/index.ts'
import { type Directive, directivesIn } from './nginx-text.ts'

/** Where the value of a param stands in the configuration. */
const places: Readonly<Record<string, readonly string[]>> = {
  errorLog: ['error_log'],
  workerProcesses: ['worker_processes'],
  workerOpenFiles: ['worker_rlimit_nofile'],
  workerShutdownTimeout: ['worker_shutdown_timeout'],
  multiAccept: ['events/multi_accept'],
  workerConnections: ['events/worker_connections'],
  balance: ['stream/upstream/least_conn', 'stream/upstream/hash'],
  proxyTimeout: ['stream/server/proxy_timeout'],
  connectTimeout: ['stream/server/proxy_connect_timeout'],
  listen: ['stream/server/listen'],
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
  const theirs = directivesIn(current)
  const ours = directivesIn(wanted)
  if (theirs === undefined || ours === undefined || !isKubesprays(theirs) || !leadsAlike(theirs, ours)) return undefined
  const set = Object.entries(places).flatMap(([param, paths]) => (isSet(param) ? paths : []))
  const limits = isSet('maxFails') || isSet('failTimeout')
  const edits = [
    ...serverEdits(current, theirs, ours, limits),
    ...set.flatMap(path => edit(current, theirs, ours, path)),
  ]
  return editedText(current, edits)
}

const at = (list: readonly Directive[], path: string): readonly Directive[] =>
  list.filter(directive => directive.path === path)

/** Its template has always had this, and ours never. */
const isKubesprays = (list: readonly Directive[]): boolean =>
  at(list, 'http/reset_timedout_connection').length === 1 &&
  at(list, 'stream').length === 1 &&
  at(list, 'stream/upstream').length === 1 &&
  at(list, 'stream/upstream/server').length > 0 &&
  at(list, 'stream/server').length === 1 &&
  at(list, 'stream/server/proxy_pass')[0]?.args[0] === at(list, 'stream/upstream')[0]?.args[0]

/** Clients and the kubelet's probes find what they look for; more addresses, as of a dual stack, do no harm. */
function leadsAlike(theirs: readonly Directive[], ours: readonly Directive[]): boolean {
  const listens = new Set(at(theirs, 'stream/server/listen').map(address))
  const health = new Set(at(theirs, 'http/server/listen').map(port))
  return (
    at(ours, 'stream/server/listen').every(directive => listens.has(address(directive))) &&
    at(ours, 'http/server/listen').every(directive => health.has(port(directive)))
  )
}

const address = ({ args: [value = ''] }: Directive): string => (/^\d+$/.test(value) ? `0.0.0.0:${value}` : value)
const port = ({ args: [value = ''] }: Directive): string => value.replace(/^.*:/, '')

/** kubespray writes one server a line, in the order of the group; so do we, and a server that stays keeps its words. */
function serverEdits(
  text: string,
  theirs: readonly Directive[],
  ours: readonly Directive[],
  limits: boolean,
): readonly TextEdit[] {
  const listed = at(theirs, 'stream/upstream/server')
  const wanted = at(ours, 'stream/upstream/server')
  const key = ({ args }: Directive): string => (limits ? args.join(' ') : (args[0] ?? '')).toLowerCase()
  const present = new Map(listed.map(server => [key(server), text.slice(server.start, server.end)]))
  if (new Set(wanted.map(key)).size === present.size && wanted.every(server => present.has(key(server)))) return []
  const [first] = listed
  if (first === undefined) return []
  const indent = ' '.repeat(first.start - (text.lastIndexOf('\n', first.start) + 1))
  const lines = wanted.map(server => present.get(key(server)) ?? `server ${server.args.join(' ')};`)
  return [
    { start: first.start, end: first.end, text: lines.join(`\n${indent}`) },
    ...listed.slice(1).map(server => ({ start: lineStart(text, server.start), end: server.end, text: '' })),
  ]
}

/** From the end of the line before, where nothing but space is between. */
function lineStart(text: string, start: number): number {
  const before = text.slice(0, start)
  return before.length - (/\n[ \t]*$/.exec(before)?.[0].length ?? 0)
}

function edit(
  text: string,
  theirs: readonly Directive[],
  ours: readonly Directive[],
  path: string,
): readonly TextEdit[] {
  const words = (list: readonly Directive[]) =>
    at(list, path).map(({ args }) => [path.replace(/^.*\//, ''), ...args].join(' '))
  const [wanted, present] = [words(ours), words(theirs)]
  if ([...wanted].sort().join('\n') === [...present].sort().join('\n')) return []
  const [first, ...rest] = at(theirs, path)
  const gone = (directive: Directive): TextEdit => ({
    start: lineStart(text, directive.start),
    end: directive.end,
    text: '',
  })
  if (wanted.length === 0) return at(theirs, path).map(gone)
  const lines = (indent: string) => wanted.map(line => `${line};`).join(`\n${indent}`)
  if (first !== undefined) {
    const indent = ' '.repeat(first.start - (text.lastIndexOf('\n', first.start) + 1))
    return [{ start: first.start, end: first.end, text: lines(indent) }, ...rest.map(gone)]
  }
  const parent = at(theirs, path.replace(/\/?[^/]*$/, ''))[0]
  const indent = '  '.repeat(path.split('/').length - 1)
  const start = parent?.body ?? 0
  return [{ start, end: start, text: parent === undefined ? `${lines('')}\n` : `\n${indent}${lines(indent)}` }]
}
