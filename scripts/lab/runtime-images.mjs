// @ts-check
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, link, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { $ } from 'zx'
import { ensureCommands } from './apt.mjs'
import { fetchSource } from './apt-source.mjs'
import { ensureImage } from './image.mjs'
import { hasImage } from './image-base.mjs'
import { ensureKube, kubeDir, kubeVersions } from './kube.mjs'
import { withLock } from './lock.mjs'
import { cacheDir } from './paths.mjs'
import { LabError, say } from './say.mjs'

const recipe = fileURLToPath(new URL('runtime/images/', import.meta.url))

/** @typedef {'nginx' | 'haproxy' | 'pause' | 'etcd' | 'kube' | 'kube-proxy' | 'coredns'} ImageSet */

const kubePrograms = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler']

/** The tags that a set stands for: what kubeadm 1.20 and the roles' params ask for. */
const tagsOf = {
  nginx: () => ['nginx:lab'],
  haproxy: () => ['haproxy:lab'],
  pause: () => ['k8s.gcr.io/pause:3.2'],
  etcd: () => ['k8s.gcr.io/etcd:3.4.13-0'],
  kube: (/** @type {readonly string[]} */ versions) =>
    versions.flatMap(version => kubePrograms.map(program => `k8s.gcr.io/${program}:${version}`)),
  'kube-proxy': (/** @type {readonly string[]} */ versions) =>
    versions.map(version => `k8s.gcr.io/kube-proxy:${version}`),
  coredns: () => ['k8s.gcr.io/coredns:1.7.0'],
}

/**
 * Makes the images that are missing on this machine's engine, and returns a tar file of them all, for the engines
 * inside hosts.
 * @param {readonly ImageSet[]} sets
 * @param {readonly string[]} [versions] of Kubernetes
 */
export async function ensureRuntimeImages(sets, versions = kubeVersions()) {
  const host = await ensureImage()
  const tags = [...new Set(sets)].flatMap(set => tagsOf[set](versions))
  const hash = await recipeHash(host)
  return withLock(join(cacheDir(), 'runtime-images.lock'), 'the images of daemons', async () => {
    const dir = join(cacheDir(), 'runtime')
    await mkdir(dir, { recursive: true })
    const ids = []
    for (const tag of tags) ids.push(await ensureOne(tag, host, hash))
    const name = sha(ids.join(' '))
    const file = join(dir, `${name}.tar`)
    if (existsSync(file)) return file
    await $({ quiet: true })`docker save -o ${file}.new ${tags}`
    await rename(`${file}.new`, file)
    return file
  })
}

/** @param {string} tag @param {string} host @param {string} hash */
async function ensureOne(tag, host, hash) {
  const [, target = '', version = ''] = /([a-z-]+):([^:]+)$/.exec(tag) ?? []
  const file = [...kubePrograms, 'kube-proxy'].includes(target) ? 'kube' : target
  if (file === 'kube') await ensureKube([version])
  const own = `rota-lab-${target}:${file === 'kube' ? `${version}-${await sumOf(join(kubeDir(), version, target))}-` : ''}${hash}`
  if (!(await hasImage(own))) {
    const programs = await ensurePrograms(host, hash)
    const tree = target === 'kube-proxy' ? target : 'shell'
    await build(own, file, { PROGRAMS: programs, ...(file === 'kube' ? { PROGRAM: target, TREE: tree } : {}) }, version)
  }
  // Another project's image of this name on this engine is none of ours: the tag is moved only while ours is saved.
  await $({ quiet: true })`docker tag ${own} ${tag}`
  return own
}

/** @param {string} host @param {string} hash */
async function ensurePrograms(host, hash) {
  const programs = `rota-lab-programs:${hash}`
  if (!(await hasImage(programs))) await build(programs, 'programs', { HOST: host })
  return programs
}

/**
 * A folder with Debian's etcd, etcdctl and the plugins of the container network interface (`cni/`), for hosts on which
 * nobody installs packages for it.
 */
export async function ensureDaemonPrograms() {
  const host = await ensureImage()
  const hash = await recipeHash(host)
  return withLock(join(cacheDir(), 'runtime-images.lock'), 'programs of daemons', async () => {
    const dir = join(cacheDir(), 'runtime', `programs-${hash}`)
    if (existsSync(dir)) return dir
    const { stdout } = await $({ quiet: true })`docker create ${await ensurePrograms(host, hash)}`
    const container = stdout.trim()
    await rm(`${dir}.new`, { recursive: true, force: true })
    await mkdir(`${dir}.new`, { recursive: true })
    for (const program of ['etcd', 'etcdctl'])
      await $({ quiet: true })`docker cp -L ${`${container}:/usr/bin/${program}`} ${`${dir}.new/${program}`}`
    await $({ quiet: true })`docker cp ${`${container}:/usr/lib/cni`} ${`${dir}.new/cni`}`
    await $({ quiet: true })`docker rm ${container}`
    await rename(`${dir}.new`, dir)
    return dir
  })
}

/** Binaries that were built anew are another image. @param {string} path */
const sumOf = async path => (await $({ quiet: true })`sha256sum ${path}`).stdout.slice(0, 8)

/**
 * @param {string} own
 * @param {string} name of the Dockerfile
 * @param {Record<string, string>} args
 * @param {string} [version]
 */
async function build(own, name, args, version = '') {
  say(`building the image ${own}`)
  const context = join(cacheDir(), 'runtime', 'context')
  await rm(context, { recursive: true, force: true })
  await mkdir(context, { recursive: true })
  try {
    for (const file of await readdir(recipe)) await copyFile(join(recipe, file), join(context, file))
    if (name === 'nginx') await copyFile(await nginxProgram(), join(context, 'nginx'))
    if (name === 'pause') await copyFile(await pauseProgram(), join(context, 'pause'))
    if (args.PROGRAM !== undefined)
      await linkOrCopy(join(kubeDir(), version, args.PROGRAM), join(context, args.PROGRAM))
    const given = Object.entries(args).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`])
    const run = await $({
      env: { ...process.env, DOCKER_BUILDKIT: '0' },
      nothrow: true,
      quiet: true,
    })`docker build --force-rm -f ${join(context, `${name}.Dockerfile`)} ${given} -t ${own} ${context} 2>&1`
    if (!run.ok) throw new LabError(`docker build of ${own} failed:\n${run.stdout.split('\n').slice(-25).join('\n')}`)
  } finally {
    await rm(context, { recursive: true, force: true })
  }
}

/** @param {string} from @param {string} to */
const linkOrCopy = (from, to) => link(from, to).catch(() => copyFile(from, to))

const nginxFlags = [
  ...['--with-stream', '--with-threads', '--without-http_gzip_module', '--with-http_stub_status_module'],
  ...['--prefix=/etc/nginx', '--sbin-path=/usr/sbin/nginx', '--conf-path=/etc/nginx/nginx.conf'],
  ...['--error-log-path=/var/log/nginx/error.log', '--http-log-path=/var/log/nginx/access.log'],
  ...['client-body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `--http-${name}-temp-path=/var/cache/nginx/${name}`,
  ),
  ...['--pid-path=/var/run/nginx.pid', '--with-cc-opt=-O1 -g0', '--with-ld-opt=-static'],
]

/**
 * nginx as the official image has it, its paths and `stream` built in, from Debian's source package; linked statically,
 * so that it runs in an image that has nothing else.
 */
async function nginxProgram() {
  const dir = join(cacheDir(), 'nginx-src')
  const program = join(dir, `nginx-${sha(nginxFlags.join(' '))}`)
  if (existsSync(program)) return program
  await ensureCommands({
    gcc: 'gcc',
    make: 'make',
    '/usr/include/stdio.h': 'libc6-dev',
    '/usr/include/pcre2.h': 'libpcre2-dev',
  })
  const tarball = await nginxTarball()
  const tree = join(dir, 'tree')
  await rm(tree, { recursive: true, force: true })
  await mkdir(tree, { recursive: true })
  await $`tar -xf ${tarball} -C ${tree} --strip-components=1`
  say(`building nginx from ${tarball}`)
  const run = await $({ cwd: tree, nothrow: true, quiet: true })`./configure ${nginxFlags} 2>&1 && make -j2 2>&1`
  if (!run.ok) throw new LabError(`nginx does not build:\n${run.stdout.split('\n').slice(-15).join('\n')}`)
  await rename(join(tree, 'objs/nginx'), program)
  await rm(tree, { recursive: true, force: true })
  return program
}

/** The upstream source of nginx, as Debian's source package has it. */
export async function nginxTarball() {
  const dir = join(cacheDir(), 'nginx-src')
  await mkdir(dir, { recursive: true })
  return join(dir, await fetchSource('nginx', dir))
}

/**
 * Kubernetes' own pause, from the source tree that the binaries were built from; a machine with internet pulls the
 * image.
 */
async function pauseProgram() {
  await ensureCommands({ gcc: 'gcc', '/usr/include/stdio.h': 'libc6-dev' })
  const trees = join(cacheDir(), 'kube-src')
  for (const tree of await readdir(trees).catch(() => [])) {
    const source = join(trees, tree, 'build/pause/linux/pause.c')
    if (!existsSync(source)) continue
    const program = join(cacheDir(), 'runtime', 'pause')
    await $`gcc -Os -Wall -static -DVERSION=3.2 -o ${program} ${source}`
    return program
  }
  throw new LabError(
    `the source of pause is not in ${trees}: remove ${kubeDir()} and the binaries are built from it again`,
  )
}

/** @param {string} text */
const sha = text => createHash('sha256').update(text).digest('hex').slice(0, 12)

/** @param {string} host */
async function recipeHash(host) {
  const hash = createHash('sha256').update(`${host} ${nginxFlags.join(' ')}`)
  for (const file of (await readdir(recipe)).sort())
    hash.update(`\0${file}\0`).update(await readFile(join(recipe, file)))
  return hash.digest('hex').slice(0, 8)
}
