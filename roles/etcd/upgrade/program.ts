import { command, directory, download, type Nested, packages, quote, raw, unarchive } from 'rota'
import { programToCome } from '../../kube-binaries/come.ts'
import type { Way } from '../../kube-binaries/provide.ts'
import { durableCopy } from '../../lib/durable-copy.ts'
import { withImage } from '../kubespray/programs.ts'
import { imageAt, type Target } from './judge.ts'
import { keptEnd } from './look.ts'
import type { Program } from './step.ts'

/** How a member comes to another version: what is brought beside what runs, and how that takes its place. */
export interface Replacement {
  readonly brought: Nested
  readonly program: Program
}

const followers = ['etcdctl', 'etcdutl']

/** Where the programs of a version are unpacked. */
export const stagedDir = (installDir: string, { version }: Target): string => `${installDir}/etcd/v${version}`

/** Programs in kubespray's `bin_dir`, from the archive that etcd is published as. */
export function ofArchive(
  target: Target,
  at: {
    readonly binDir: string
    readonly installDir: string
    readonly staged: string
    /** Undefined: it is unpacked already, or nobody knows yet where it comes from. */
    readonly way: Way | undefined
    readonly isThere: boolean
    readonly environment: Readonly<Record<string, string>>
  },
): Replacement {
  const { binDir, installDir, staged, way, isThere } = at
  const unpacked = (archive: { readonly source: string } | { readonly path: string }): Nested => [
    [installDir, `${installDir}/etcd`, staged].map(path => directory({ path, mode: '0755' })),
    unarchive({ ...archive, destination: staged, strip: 1 }),
  ]
  const brought = (): Nested => {
    switch (way?.kind) {
      case 'file':
        return unpacked({ source: way.path })
      case 'host': {
        const path = `${staged}.tar.gz`
        const { urls: url, sha256 } = way
        const fetched = download({ path, url, sha256, mode: '0644', environment: at.environment })
        return [
          [installDir, `${installDir}/etcd`].map(dir => directory({ path: dir, mode: '0755' })),
          fetched,
          unpacked({ path }),
        ]
      }
      case 'comes':
        return [programToCome({ path: `${staged}/etcd`, from: way.from })]
      default:
        return [programToCome({ path: `${staged}/etcd` })]
    }
  }
  const path = `${binDir}/etcd`
  return {
    brought: isThere ? [] : brought(),
    program: {
      path,
      check: $ => $`said=$(${`${staged}/etcd`} --version 2>&1) || :
case $said in "etcd Version: "${target.version}*) ;; *)
  printf '%s is not etcd %s: %s\n' ${`${staged}/etcd`} ${target.version} "$(printf %s "$said" | head -n 1)" >&2
  exit 1 ;;
esac`,
      replace: $ => $`${raw(durableCopy)} if=${`${staged}/etcd`} of=${`${path}.rota-new`}
chmod 0755 ${`${path}.rota-new`}
mv -f ${`${path}.rota-new`} ${path}`,
      follow: $ => $`for name in ${followers}; do
  from=${staged}/$name to=${binDir}/$name
  if [ ! -e "$from" ] || cmp -s "$from" "$to"; then continue; fi
  ${raw(durableCopy)} if="$from" of="$to.rota-new"
  chmod 0755 "$to.rota-new"
  mv -f "$to.rota-new" "$to"
done`,
    },
  }
}

/** An image, of which kubespray's script that is called `etcd` makes the container. */
export function ofImage(
  target: Target,
  { binDir, image }: { readonly binDir: string; readonly image: string },
): Replacement {
  const wanted = imageAt(image, target)
  const path = `${binDir}/etcd`
  return {
    brought: [
      command({
        title: `the image ${wanted} is here`,
        why: 'it is not',
        unless: ['docker', 'image', 'inspect', wanted],
        run: ['docker', 'pull', '-q', wanted],
        timeout: 600,
      }),
    ],
    program: {
      path,
      check: $ => $`docker image inspect -f '{{.Id}}' ${wanted}`,
      replace: async $ => {
        const script = withImage(await $`cat ${path}`.then(({ stdout }) => stdout), wanted)
        await $`rm -f ${`${path}.rota-new`}
cp -p ${path} ${`${path}.rota-new`}
cat >${`${path}.rota-new`}
mv -f ${`${path}.rota-new`} ${path}`.stdin(script)
      },
      // An image may lack one of them.
      follow: $ => $`id=$(docker create ${wanted} -)
trap 'docker rm "$id" >/dev/null' EXIT
for name in ${followers}; do
  to=${binDir}/$name
  docker cp -L "$id:/usr/local/bin/$name" "$to.rota-new" || continue
  mv -f "$to.rota-new" "$to"
done`,
    },
  }
}

/** The distribution's packages. They bring etcdctl with them, and leave what runs running. */
export function ofPackages(
  target: Target,
  { names, binary }: { readonly names: readonly string[]; readonly binary: string },
): Replacement {
  const versionOf = (path: string): string => `${quote(path)} --version 2>/dev/null`
  const isVersion = `${versionOf(binary)} | grep -qF ${quote(`etcd Version: ${target.version}`)}`
  const kept = `${binary}${keptEnd}`
  return {
    brought: [
      command({
        title: `${binary} is kept until the new one is healthy`,
        why: `it is not ${target.version}, and no copy of it is there`,
        onlyIf: `! ${isVersion} && ! { [ -e ${quote(kept)} ] && cmp -s ${quote(binary)} ${quote(kept)}; }`,
        run: `cp -p ${quote(binary)} ${quote(`${kept}.part`)} && mv -f ${quote(`${kept}.part`)} ${quote(kept)}`,
      }),
      packages({ names: names.map(name => `${name.replace(/=.*/, '')}=${target.version}*`), start: false }),
    ],
    program: {
      path: binary,
      check: $ => $`${['sh', '-c', isVersion]} || {
  printf '%s is not etcd %s, though its package is: install it anew (apt-get install --reinstall)\n' ${binary} ${target.version} >&2
  exit 1
}`,
      replace: async () => undefined,
      follow: async () => undefined,
    },
  }
}
