import { failure, isWebUrl, type Miss, type Sum, shownValue, sumFrom, type Web } from 'rota'
import { withV } from '../lib/version.ts'

/** What says where programs come from, and what they must be. */
export interface Origins {
  readonly kubeVersion: string
  readonly site: string
  readonly filesRepo?: string | undefined
  readonly kubeadmUrl?: string | readonly string[] | undefined
  readonly kubeletUrl?: string | readonly string[] | undefined
  readonly kubectlUrl?: string | readonly string[] | undefined
  readonly kubeadmChecksums?: Checksums | undefined
  readonly kubeletChecksums?: Checksums | undefined
  readonly kubectlChecksums?: Checksums | undefined
}

/** By architecture and version, as kubespray has them; 0 where there is none. */
export type Checksums = Readonly<Record<string, unknown>>

export interface Program {
  readonly name: string
  /** By Go's name: `amd64`. */
  readonly arch: string
}

/** Architectures by the name that `uname -m` has for them. */
const byMachine = new Map([
  ['x86_64', 'amd64'],
  ['aarch64', 'arm64'],
  ['armv7l', 'arm'],
])

export const archOf = (machine: string): string => byMachine.get(machine) ?? machine

/**
 * URLs of a program, the first that is tried first: those that are named for it, those of a mirror in kubespray's
 * layout (`files_repo`), and the official place. What names a version as the inventory writes it means the right one.
 */
export function urlsOf(origins: Origins, { name, arch }: Program): readonly string[] {
  const { kubeVersion, site, filesRepo } = origins
  const own = [named(origins, name)?.url ?? []].flat()
  const below = `release/${withV(kubeVersion)}/bin/linux/${arch}/${name}`
  const mirror = filesRepo === undefined ? [] : [`${without(filesRepo)}/dl.k8s.io/${below}`]
  const urls = own.length > 0 ? own.map(url => withVersion(url, kubeVersion)) : [...mirror, `${without(site)}/${below}`]
  return [...new Set(urls)]
}

/** The checksum that is given for a program, if one is. Throws a failure where it is none: no other does for it. */
export const givenSum = (origins: Origins, { name, arch }: Program): Sum | undefined =>
  sumIn(named(origins, name)?.checksums, { variable: `${name}_checksums`, version: withV(origins.kubeVersion), arch })

/** That of a version for an architecture; `variable` is what the operator knows them by. Throws as above. */
export function sumIn(
  checksums: Checksums | undefined,
  { variable, version, arch }: { readonly variable: string; readonly version: string; readonly arch: string },
): Sum | undefined {
  const ofArch = checksums?.[arch]
  if (typeof ofArch !== 'object' || ofArch === null) return undefined
  const sums = ofArch as Readonly<Record<string, unknown>>
  const text = sums[version.slice(1)] ?? sums[version] ?? 0
  if (text === 0 || text === '0') return undefined
  const sum = sumFrom(String(text))
  if (sum === undefined) throw failure(`${variable}: that of ${version} for ${arch} is no SHA-256 and no SHA-512`)
  return sum
}

/** Where the programs of one version come from, and what they must be. */
export interface Source {
  readonly version: string
  readonly urlsOf: (program: Program) => readonly string[]
  /** The checksum that is given. Throws a failure where it is none. */
  readonly givenSum: (program: Program) => Sum | undefined
  /** What is published for a file at a URL, where that is not in a file of its name beside it. */
  readonly publishedSum?: (web: Web, url: string, signal?: AbortSignal) => Promise<Sum | Miss>
  /** What to do where one can't be had. */
  readonly hint: string
}

export const kubeSource = (origins: Origins): Source => {
  const version = withV(origins.kubeVersion)
  return {
    version,
    urlsOf: program => urlsOf(origins, program),
    givenSum: program => givenSum(origins, program),
    hint: `name a mirror (files_repo, kubeadm_download_url, …) or a proxy (https_proxy), let the hosts fetch them (kube_binaries_from: host), or lay them there: \`rota kube list ${version}\` says what is needed, and \`rota kube import ${version} FOLDER\` takes it in`,
  }
}

/** What is wrong with where they are to come from. */
export const originProblems = (origins: Origins): readonly string[] =>
  [
    ['dl_k8s_io_url', origins.site] as const,
    ['files_repo', origins.filesRepo] as const,
    ...(['kubeadm', 'kubelet', 'kubectl'] as const).flatMap(name =>
      [named(origins, name)?.url ?? []].flat().map(url => [`${name}_download_url`, url] as const),
    ),
  ].flatMap(([variable, url]) =>
    url === undefined || isWebUrl(url) ? [] : [`${variable}: ${shownValue(url)} is not an http(s) URL`],
  )

function named(origins: Origins, name: string) {
  switch (name) {
    case 'kubeadm':
      return { url: origins.kubeadmUrl, checksums: origins.kubeadmChecksums }
    case 'kubelet':
      return { url: origins.kubeletUrl, checksums: origins.kubeletChecksums }
    case 'kubectl':
      return { url: origins.kubectlUrl, checksums: origins.kubectlChecksums }
    default:
      return undefined
  }
}

export const without = (url: string): string => url.replace(/\/+$/, '')

/**
 * kubespray's own templates have a `v` before `kube_version` since 2.28 and none until then: whichever way the version
 * is written, the folder has one.
 */
const withVersion = (url: string, version: string): string =>
  url.replaceAll(new RegExp(`/v*${withV(version).slice(1).replaceAll('.', '\\.')}/`, 'g'), `/${withV(version)}/`)
