import { bytesText, failure, isMiss, messageOf, openWeb, type Sum, shownUrl, type Web } from 'rota'
import { defaultCache, findProgram, placeOf } from './cache.ts'
import { isEverywhere, type WantedProgram, type Wants, wantedPrograms } from './lacking.ts'
import type { Program, Source } from './places.ts'

/** How a host comes to a program. */
export type Way =
  /** From this machine. */
  | { readonly kind: 'file'; readonly path: string }
  /** It has it. */
  | { readonly kind: 'there' }
  /** In check mode: it would be fetched to this machine. */
  | { readonly kind: 'comes'; readonly from: string }
  /** It fetches it itself. */
  | { readonly kind: 'host'; readonly urls: readonly string[]; readonly sha256: string }

/** What the role's tasks are made of. */
export interface Provided {
  readonly wayOf: (host: string, name: string) => Way | undefined
}

export interface Provision {
  readonly source: Source
  readonly cache?: string | undefined
  readonly from: 'controller' | 'host'
  readonly wants: readonly Wants[]
  /** Where a program goes on a host. */
  readonly pathOf: (name: string) => string
  readonly proxies: Parameters<typeof openWeb>[0]
  readonly check: boolean
  readonly signal?: AbortSignal
  readonly say: (text: string) => void
  readonly progress: (what: string, done: number, total: number | undefined) => void
}

/**
 * Every program that a host lacks is on this machine, or it is known how the host gets it. Programs that are here are
 * not fetched, and neither are those that all hosts have. Throws a failure with all that can't be had.
 */
export async function providePrograms(provision: Provision): Promise<Provided> {
  const ways = new Map<string, Way>()
  const missing: WantedProgram[] = []
  const cache = provision.cache ?? defaultCache()
  const notes: string[] = []
  for (const program of wantedPrograms(provision.wants)) {
    const given = provision.source.givenSum(program)
    const found = await findProgram(cache, provision.source.version, program, given)
    notes.push(...found.notes)
    if (found.path !== undefined) ways.set(keyOf(program), { kind: 'file', path: found.path })
    else if (isEverywhere(program, given, provision.pathOf)) ways.set(keyOf(program), { kind: 'there' })
    else missing.push(program)
  }
  for (const note of notes) provision.say(note)
  for (const [key, way] of await waysOf(provision, cache, missing)) ways.set(key, way)
  const archs = new Map(provision.wants.map(({ host, machine }) => [host, machine.arch]))
  return { wayOf: (host, name) => ways.get(keyOf({ name, arch: archs.get(host) ?? '' })) }
}

const keyOf = ({ name, arch }: Program): string => `${name} ${arch}`

/** How hosts that fetch for themselves come to it. Throws a failure where they could not tell whether it is right. */
function byHost({ source }: Provision, program: Program): Way {
  const sum = source.givenSum(program)
  const urls = source.urlsOf(program)
  if (sum?.algorithm === 'sha512')
    throw failure(
      `the checksum of ${program.name} that is given is SHA-512, and a host compares SHA-256: give that, or let this machine fetch it (kube_binaries_from: controller)`,
    )
  if (sum !== undefined) return { kind: 'host', urls, sha256: sum.hex }
  // By plain http anybody on the way writes both, the file and its checksum.
  if (source.publishedSum !== undefined)
    throw failure('its checksum is not given, and a host that fetches for itself can not look it up')
  const safe = urls.filter(url => new URL(url).protocol === 'https:')
  if (safe.length === 0) throw failure('its checksum is not known, and one that comes by http proves nothing')
  return { kind: 'host', urls: safe, sha256: 'published' }
}

type Keyed = readonly [key: string, way: Way]

async function waysOf(
  provision: Provision,
  cache: string,
  missing: readonly WantedProgram[],
): Promise<readonly Keyed[]> {
  const { source, proxies, from } = provision
  if (missing.length === 0) return []
  if (from === 'host') return allOf(provision, cache, missing, async program => byHost(provision, program))
  const web = await openWeb(proxies)
  try {
    return await allOf(provision, cache, missing, program =>
      fetchOne(provision, web, program, placeOf(cache, source.version, program)),
    )
  } finally {
    await web.close()
  }
}

/** All that can't be had is said at once. */
async function allOf(
  { source, signal }: Provision,
  cache: string,
  missing: readonly WantedProgram[],
  wayTo: (program: WantedProgram) => Promise<Way>,
): Promise<readonly Keyed[]> {
  const tried = await Promise.allSettled(
    missing.map(async (program): Promise<Keyed> => [keyOf(program), await wayTo(program)]),
  )
  signal?.throwIfAborted()
  const wrong = tried.flatMap((outcome, index) => {
    const program = missing[index]
    if (outcome.status === 'fulfilled' || program === undefined) return []
    const hosts = program.hosts.map(({ host }) => host).join(', ')
    return [`${program.name} (${program.arch}) for ${hosts}: ${messageOf(outcome.reason)}`]
  })
  if (wrong.length > 0) throw notToBeHad(source, cache, wrong)
  return tried.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []))
}

const notToBeHad = ({ version, hint }: Source, cache: string, wrong: readonly string[]): Error =>
  failure(`programs of ${version} are neither in ${cache} (kube_bin_cache) nor to be had:\n${wrong.join('\n')}`, {
    hint,
  })

async function fetchOne(provision: Provision, web: Web, program: WantedProgram, path: string): Promise<Way> {
  const { source, check, say, progress, signal } = provision
  const urls = source.urlsOf(program)
  const sum = source.givenSum(program) ?? (await publishedSum(source, web, urls, signal))
  const what = `${program.name} ${source.version} (${program.arch})`
  if (check) {
    const from = await wouldCome(web, urls, signal)
    say(`${what} would be fetched from ${from}`)
    return { kind: 'comes', from }
  }
  const started = Date.now()
  const got = await web.file({
    urls,
    path,
    sum,
    ...(signal && { signal }),
    onProgress: (done, total) => progress(what, done, total),
  })
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  say(`${what} was fetched from ${got.url}: ${bytesText(got.size)} in ${seconds} s, now ${path}`)
  return { kind: 'file', path }
}

/** What the first mirror publishes that does. */
async function publishedSum(
  source: Source,
  web: Web,
  urls: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Sum> {
  const misses: string[] = []
  for (const url of urls) {
    const sum = source.publishedSum
      ? await source.publishedSum(web, url, signal)
      : await web.publishedSum(url, { ...(signal && { signal }) })
    if (!isMiss(sum)) return sum
    misses.push(sum.why)
  }
  throw failure(misses.join('; '))
}

async function wouldCome(web: Web, urls: readonly string[], signal: AbortSignal | undefined): Promise<string> {
  const misses: string[] = []
  for (const url of urls) {
    const looked = await web.size(url, { ...(signal && { signal }) })
    if (isMiss(looked)) misses.push(looked.why)
    else return `${shownUrl(url)}${looked.size === undefined ? '' : `, ${bytesText(looked.size)}`}`
  }
  throw failure(misses.join('; '))
}
