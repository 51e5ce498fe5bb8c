import { Command, InvalidArgumentError } from 'commander'
import { barText, failure, isMiss, isWebUrl, openWeb, shownUrl, type Web } from 'rota'
import { withV } from '../lib/version.ts'
import { defaultCache, findProgram, placeOf, versionsIn } from './cache.ts'
import { checksumsOf } from './checkout.ts'
import { importProgram } from './import.ts'
import { isMinor, newestPatch, versionsOf } from './newest.ts'
import { givenSum, kubeSource, type Origins, type Program, urlsOf } from './places.ts'
import { providePrograms } from './provide.ts'

interface Flags {
  readonly arch: readonly string[]
  readonly names: readonly string[]
  readonly cache: string
  readonly kubespray?: string
  readonly site: string
  readonly filesRepo?: string
  readonly urls?: boolean
}

/** `rota kube`: programs of Kubernetes on the control machine, beside any playbook. */
export const kubeCommand = (): Command =>
  new Command('kube')
    .description('programs of Kubernetes on this machine: what a version needs, fetched, or taken from a folder')
    .addCommand(
      withFlags(new Command('list'), 'say where the programs of a version come from, for who carries them here')
        .option('--urls', 'the URLs alone, with those of checksums that are not known')
        .action(list),
    )
    .addCommand(withFlags(new Command('fetch'), 'fetch the programs of a version').action(fetchAll))
    .addCommand(
      withFlags(new Command('import'), 'take the programs of a version from a folder')
        .argument('<folder>', 'where they were carried to')
        .action(importAll),
    )

const withFlags = (command: Command, description: string): Command =>
  command
    .description(description)
    .argument('<version>', 'v1.33.4 or 1.33.4; 1.33 is the newest patch that is known', versionFrom)
    .option('--arch <names>', 'architectures, separated by commas', namesFrom, ['amd64'])
    .option('--names <names>', 'programs, separated by commas', namesFrom, ['kubeadm', 'kubelet', 'kubectl'])
    .option('--cache <dir>', 'folder for them (kube_bin_cache)', defaultCache())
    .option(
      '--kubespray <dir>',
      'checkout of kubespray, whose checksums count',
      process.env.ROTA_KUBESPRAY || undefined,
    )
    .option('--site <url>', 'where they are published (dl_k8s_io_url)', urlFrom, 'https://dl.k8s.io')
    .option('--files-repo <url>', "mirror in kubespray's layout, asked first (files_repo)", urlFrom)

async function list(given: string, flags: Flags): Promise<void> {
  const origins = await withWeb(web => originsOf(given, flags, web))
  for (const program of programsOf(flags)) {
    const [url = ''] = urlsOf(origins, program)
    const sum = givenSum(origins, program)
    const path = `${withV(origins.kubeVersion)}/${program.arch}/${program.name}`
    if (!flags.urls) print(`${url}  ${path}  ${sum === undefined ? `${url}.sha256` : `${sum.algorithm}:${sum.hex}`}`)
    else for (const each of sum === undefined ? [url, `${url}.sha256`] : [url]) print(each)
  }
}

async function fetchAll(given: string, flags: Flags): Promise<void> {
  const origins = await withWeb(web => originsOf(given, flags, web))
  const bar = progressBar()
  const { arch, names, cache } = flags
  const stop = new AbortController()
  const interrupted = () => stop.abort()
  process.once('SIGINT', interrupted)
  try {
    await providePrograms({
      source: kubeSource(origins),
      cache,
      from: 'controller',
      wants: arch.map(each => ({ host: each, machine: { arch: each, sums: new Map() }, names })),
      pathOf: name => name,
      proxies: {},
      check: false,
      signal: stop.signal,
      say: line => {
        bar.clear()
        print(line)
      },
      progress: bar.draw,
    })
  } catch (error) {
    throw stop.signal.aborted ? failure('interrupted', { hint: 'run it again: it goes on with what has come' }) : error
  } finally {
    bar.clear()
    process.removeListener('SIGINT', interrupted)
  }
  for (const program of programsOf(flags)) {
    const { path } = await findProgram(cache, origins.kubeVersion, program, givenSum(origins, program))
    print(`${path}  ${program.arch}`)
  }
}

async function importAll(given: string, folder: string, flags: Flags): Promise<void> {
  const origins = await withWeb(web => originsOf(given, flags, web))
  const wrong: string[] = []
  for (const program of programsOf(flags)) {
    const done = await importProgram(origins, program, { folder, cache: flags.cache })
    if (done.kind === 'taken') print(`${done.path}  from ${done.from}`)
    else if (done.kind === 'wrong') wrong.push(done.why)
    else
      wrong.push(
        `${program.name} (${program.arch}) is not in ${folder}: looked for as ${placeOf('', origins.kubeVersion, program)} and its like`,
      )
  }
  if (wrong.length > 0) throw failure(wrong.join('\n'), { hint: 'what is right has been taken' })
}

const programsOf = ({ arch, names }: Flags): readonly Program[] =>
  arch.flatMap(each => names.map(name => ({ name, arch: each })))

/** With a whole version: the newest patch of a minor one is that of the checkout, as published, or of the cache. */
async function originsOf(given: string, flags: Flags, web: () => Promise<Web>): Promise<Origins> {
  const { kubespray, site, filesRepo, cache } = flags
  const sums = kubespray === undefined ? {} : checksumsOf(kubespray)
  const of = (kubeVersion: string): Origins => ({ kubeVersion, site, filesRepo, ...sums })
  if (!isMinor(given)) return of(withV(given))
  const known = newestPatch(given, versionsOf(sums.kubeletChecksums))
  if (known !== undefined) {
    process.stderr.write(`${given} is ${known}, the newest that ${kubespray} knows\n`)
    return of(known)
  }
  const url = `${site.replace(/\/+$/, '')}/release/stable-${withV(given).slice(1)}.txt`
  const said = await (await web()).text(url, { onlyHttps: url.startsWith('https:') })
  const published = isMiss(said) ? undefined : newestPatch(given, [said.text.trim()])
  const newest = published ?? newestPatch(given, versionsIn(cache))
  const why = isMiss(said) ? said.why : `${shownUrl(url)} names none`
  if (newest === undefined)
    throw failure(`which patch of ${given} is the newest is not known: ${why}`, { hint: 'name it: 1.33.4' })
  process.stderr.write(
    `${given} is ${newest}, ${published === undefined ? `the newest in ${cache}; ${why}` : `as ${shownUrl(url)} says`}\n`,
  )
  return of(newest)
}

/** The web, where it is asked at all. */
async function withWeb<T>(work: (web: () => Promise<Web>) => Promise<T>): Promise<T> {
  let opened: Promise<Web> | undefined
  try {
    return await work(() => {
      opened ??= openWeb()
      return opened
    })
  } finally {
    await (await opened)?.close()
  }
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)

/** One line on a terminal: how far all files together are. */
function progressBar() {
  const { stderr } = process
  const seen = new Map<string, { readonly done: number; readonly total: number | undefined }>()
  let drawn = 0
  return {
    draw: (what: string, done: number, total: number | undefined): void => {
      seen.set(what, { done, total })
      if (!stderr.isTTY || (Date.now() - drawn < 100 && done !== total)) return
      drawn = Date.now()
      const all = [...seen.values()]
      const have = all.reduce((sum, each) => sum + each.done, 0)
      const whole = all.every(each => each.total !== undefined)
        ? all.reduce((sum, each) => sum + (each.total ?? 0), 0)
        : undefined
      stderr.write(`\r\x1b[K${barText(have, whole)}`)
    },
    clear: (): void => {
      if (stderr.isTTY) stderr.write('\r\x1b[K')
    },
  }
}

function versionFrom(text: string): string {
  if (/^v?\d+\.\d+(\.\d+(-[0-9A-Za-z.]+)?)?$/.test(text)) return text
  throw new InvalidArgumentError('it is no version such as v1.33.4, 1.33.4 or 1.33')
}

function namesFrom(text: string): readonly string[] {
  const names = text.split(',').map(name => name.trim())
  if (names.every(name => /^[a-z0-9][a-z0-9_-]*$/.test(name))) return [...new Set(names)]
  throw new InvalidArgumentError('they are names, separated by commas')
}

function urlFrom(text: string): string {
  if (isWebUrl(text)) return text
  throw new InvalidArgumentError('it is no http(s) URL')
}
