import { join } from 'node:path'
import { failure, isWebUrl, type Sum, shownValue, sumFrom } from 'rota'
import { defaultCache } from '../kube-binaries/cache.ts'
import type { Program, Source } from '../kube-binaries/places.ts'
import type { Part, ProgramParams } from './params.ts'

/** A part that comes as a program or an archive of programs; packages bring Docker. */
export type Programmed = Exclude<Part, 'docker'>

interface Artefact {
  /** As it is named in the cache. */
  readonly file: string
  /** The folder in the archive that has the programs; of one that is no archive, none. */
  readonly inside?: string
  readonly url: (params: ProgramParams, version: string, arch: string) => string
  readonly variable: string
  readonly given: (params: ProgramParams) => string | readonly string[] | undefined
  readonly checksums: (params: ProgramParams) => Readonly<Record<string, unknown>> | undefined
}

/** Where their makers publish them, below `github_url`; kubespray's `download.yml` has the same. */
export const artefacts: Readonly<Record<Programmed, Artefact>> = {
  containerd: {
    file: 'containerd.tar.gz',
    inside: 'bin',
    url: ({ staticContainerd }, version, arch) =>
      `containerd/containerd/releases/download/v${version}/containerd-${staticContainerd ? 'static-' : ''}${version}-linux-${arch}.tar.gz`,
    variable: 'containerd_download_url',
    given: params => params.containerdUrl,
    checksums: params => (params.staticContainerd ? params.staticContainerdChecksums : params.containerdChecksums),
  },
  runc: {
    file: 'runc',
    url: (_, version, arch) => `opencontainers/runc/releases/download/v${version}/runc.${arch}`,
    variable: 'runc_download_url',
    given: params => params.runcUrl,
    checksums: params => params.runcChecksums,
  },
  crictl: {
    file: 'crictl.tar.gz',
    inside: '.',
    url: (_, version, arch) =>
      `kubernetes-sigs/cri-tools/releases/download/v${version}/crictl-v${version}-linux-${arch}.tar.gz`,
    variable: 'crictl_download_url',
    given: params => params.crictlUrl,
    checksums: params => params.crictlChecksums,
  },
  nerdctl: {
    file: 'nerdctl.tar.gz',
    inside: '.',
    url: (_, version, arch) =>
      `containerd/nerdctl/releases/download/v${version}/nerdctl-${version}-linux-${arch}.tar.gz`,
    variable: 'nerdctl_download_url',
    given: params => params.nerdctlUrl,
    checksums: params => params.nerdctlChecksums,
  },
  cni: {
    file: 'cni-plugins.tgz',
    inside: '.',
    url: (_, version, arch) =>
      `containernetworking/plugins/releases/download/v${version}/cni-plugins-linux-${arch}-v${version}.tgz`,
    variable: 'cni_download_url',
    given: params => params.cniUrl,
    checksums: params => params.cniChecksums,
  },
}

/** Beside the versions of Kubernetes, whose numbers crictl has, too. */
export const cacheOf = ({ source }: Pick<ProgramParams, 'source'>): string =>
  join(source ?? defaultCache(), 'container-engine')

/** Where a version of a part is on a host before it is in use, and after. */
export const folderOf = ({ installDir }: Pick<ProgramParams, 'installDir'>, part: Part, version: string): string =>
  `${installDir}/container-engine/${part}-${version}`

/** Where its programs are in there. */
export const programsOf = (params: Pick<ProgramParams, 'installDir'>, part: Programmed, version: string): string => {
  const { inside = '.' } = artefacts[part]
  return inside === '.' ? folderOf(params, part, version) : `${folderOf(params, part, version)}/${inside}`
}

/** Where a part of a version comes from. */
export function sourceOf(params: ProgramParams, part: Programmed, version: string): Source {
  const artefact = artefacts[part]
  return {
    version: `v${version}`,
    urlsOf: ({ arch }) => {
      const given = [artefact.given(params) ?? []].flat()
      if (given.length > 0) return given
      const path = artefact.url(params, version, arch)
      const mirror = params.filesRepo === undefined ? [] : [`${without(params.filesRepo)}/github.com/${path}`]
      return [...mirror, `${without(params.githubUrl)}/${path}`]
    },
    givenSum: program => givenSum(artefact, params, part, version, program),
    hint: `name a mirror (files_repo, ${artefact.variable}) or a proxy (https_proxy), a checkout of kubespray or ${checksumsVariable[part]} for its checksum, or lay it there: v${version}/ARCHITECTURE/${artefact.file}`,
  }
}

const checksumsVariable: Readonly<Record<Programmed, string>> = {
  containerd: 'containerd_archive_checksums',
  runc: 'runc_checksums',
  crictl: 'crictl_checksums',
  nerdctl: 'nerdctl_archive_checksums',
  cni: 'cni_binary_checksums',
}

function givenSum(
  artefact: Artefact,
  params: ProgramParams,
  part: Programmed,
  version: string,
  { arch }: Program,
): Sum | undefined {
  const ofArch = artefact.checksums(params)?.[arch]
  if (typeof ofArch !== 'object' || ofArch === null) return undefined
  const text = (ofArch as Readonly<Record<string, unknown>>)[version] ?? 0
  if (text === 0 || text === '0') return undefined
  const sum = sumFrom(String(text))
  if (sum === undefined)
    throw failure(`${checksumsVariable[part]}: that of ${version} for ${arch} is no SHA-256 and no SHA-512`)
  return sum
}

const without = (url: string): string => url.replace(/\/+$/, '')

/** What is wrong with where they are to come from. */
export const artefactProblems = (params: ProgramParams): readonly string[] =>
  [
    ['github_url', params.githubUrl] as const,
    ['files_repo', params.filesRepo] as const,
    ...Object.values(artefacts).flatMap(({ variable, given }) =>
      [given(params) ?? []].flat().map(url => [variable, url] as const),
    ),
  ].flatMap(([variable, url]) =>
    url === undefined || isWebUrl(url) ? [] : [`${variable}: ${shownValue(url)} is not an http(s) URL`],
  )
