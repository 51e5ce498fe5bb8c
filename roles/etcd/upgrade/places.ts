import { join } from 'node:path'
import { isMiss, isWebUrl, type Miss, type ParamsOf, type Sum, shownValue, sumFrom, type Web } from 'rota'
import { defaultCache } from '../../kube-binaries/cache.ts'
import { type Source, sumIn, without } from '../../kube-binaries/places.ts'
import type { Target } from './judge.ts'
import type { params } from './params.ts'

export type Places = Pick<ParamsOf<typeof params>, 'url' | 'githubUrl' | 'filesRepo' | 'checksums' | 'source'>

/** Beside the versions of Kubernetes. */
export const cacheOf = ({ source }: Pick<Places, 'source'>): string => join(source ?? defaultCache(), 'etcd')

/** The archive that etcd is published as; it is called so in the cache, too. */
export const archiveOf = ({ version }: Target, arch: string): string => `etcd-v${version}-linux-${arch}.tar.gz`

/** Where the archive of a version is: what is named for it; a mirror in kubespray's layout, etcd's own place. */
export function sourceOf(places: Places, target: Target): Source {
  const { url, githubUrl, filesRepo, checksums } = places
  const own = [url ?? []].flat()
  return {
    version: `v${target.version}`,
    urlsOf: ({ arch }) => {
      const below = `etcd-io/etcd/releases/download/v${target.version}/${archiveOf(target, arch)}`
      const mirror = filesRepo === undefined ? [] : [`${without(filesRepo)}/github.com/${below}`]
      return own.length > 0 ? own : [...new Set([...mirror, `${without(githubUrl)}/${below}`])]
    },
    givenSum: ({ arch }) =>
      sumIn(checksums, { variable: 'etcd_binary_checksums', version: `v${target.version}`, arch }),
    publishedSum,
    hint: `name a mirror (files_repo, etcd_download_url) or a proxy (https_proxy), a checkout of kubespray or etcd_binary_checksums for its checksum, or lay it there: v${target.version}/${archiveOf(target, 'ARCHITECTURE')}`,
  }
}

/** etcd publishes the sums of all files of a release in one. By plain http anybody on the way would write both. */
async function publishedSum(web: Web, url: string, signal?: AbortSignal): Promise<Sum | Miss> {
  const beside = new URL('SHA256SUMS', url).href
  if (!beside.startsWith('https:'))
    return { why: `${beside}: a checksum that comes by http proves nothing`, again: false }
  const said = await web.text(beside, { onlyHttps: true, ...(signal && { signal }) })
  if (isMiss(said)) return { ...said, why: `its checksum is not to be had: ${said.why}` }
  const name = new URL(url).pathname.split('/').at(-1) ?? ''
  const line = said.text.split('\n').find(each => each.trim().split(/\s+\*?/)[1] === name)
  const sum = line === undefined ? undefined : sumFrom(line)
  return sum ?? { why: `${beside} has no checksum of ${name}`, again: false }
}

/** What is wrong with where it is to come from. */
export const placeProblems = ({ url, githubUrl, filesRepo }: Places): readonly string[] =>
  [
    ['github_url', githubUrl] as const,
    ['files_repo', filesRepo] as const,
    ...[url ?? []].flat().map(each => ['etcd_download_url', each] as const),
  ].flatMap(([variable, each]) =>
    each === undefined || isWebUrl(each) ? [] : [`${variable}: ${shownValue(each)} is not an http(s) URL`],
  )
