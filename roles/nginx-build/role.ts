import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  command,
  defineRole,
  directory,
  download,
  file,
  type HostView,
  type InventoryView,
  type ParamsOf,
  packages,
  quote,
  unarchive,
} from 'rota'
import { cluster, clusterProblems, onEveryFamily } from '../lib/cluster/index.ts'
import { artefactOf, buildHostOf, buildHostProblems, flagsOf, judge } from './artefact.ts'
import { params } from './params.ts'
import { checksumOf } from './source-params.ts'

type Params = ParamsOf<typeof params>

/**
 * nginx built from source on one host, once for each version, source and flags. The proxies of all hosts get the
 * program from there (nginx-proxy). Where another set-up is chosen, and on every other host, there is nothing to do.
 */
export const nginxBuild = defineRole({
  name: 'nginx-build',
  description: 'nginx built from source, on one host for all',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, host, inventory }) => {
    if (!isWanted(params, host, inventory)) return []
    const problems = buildHostProblems(params, inventory)
    if (problems.length > 0) return problems
    return buildHostOf(params, inventory)?.name === host.name ? sourceProblems(params) : []
  },
  tasks: ({ params, host, inventory }) => {
    if (!isWanted(params, host, inventory) || buildHostOf(params, inventory)?.name !== host.name) return []
    const artefact = artefactOf(params)
    const name = `nginx-${params.version}`
    const tarball = `${params.workDir}/${name}.tar.gz`
    const tree = `${dirname(artefact)}/source`
    return [
      packages({ names: onEveryFamily(params.packages) }),
      directory({ path: dirname(artefact) }),
      params.tarball === undefined
        ? download({
            path: tarball,
            url: params.url ?? `http://nginx.org/download/${name}.tar.gz`,
            sha256: checksumOf(params) ?? '',
          })
        : file({ path: tarball, source: params.tarball, backup: false }),
      unarchive({ path: tarball, destination: tree, strip: 1 }),
      command({
        title: `build ${name}`,
        creates: artefact,
        cwd: tree,
        timeout: 1800,
        run: `./configure ${flagsOf(params).map(quote).join(' ')} >build.log 2>&1 && make -j"$(nproc)" >>build.log 2>&1 || {
  tail -n 20 build.log >&2
  exit 1
}
program=./objs/nginx
( ${judge(params)}
) || exit 1
mv -f objs/nginx ${quote(artefact)}`,
      }),
    ]
  },
})

const isWanted = ({ type, variant }: Params, host: HostView, inventory: InventoryView): boolean =>
  inventory.cluster(cluster, host).wantsNodeProxy && type === 'nginx' && variant === 'source'

function sourceProblems(params: Params): readonly string[] {
  const checksum = checksumOf(params)
  if (checksum === undefined)
    return [
      `nginx_source_sha256: the checksum of nginx ${params.version} is not known here: set it, or take another version`,
    ]
  const { tarball } = params
  if (tarball === undefined) return []
  if (!existsSync(tarball)) return [`nginx_source_tarball: there is no file ${tarball} on this machine`]
  const found = createHash('sha256').update(readFileSync(tarball)).digest('hex')
  return found === checksum ? [] : [`nginx_source_tarball: ${tarball} has the checksum ${found}, not ${checksum}`]
}
