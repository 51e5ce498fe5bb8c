// @ts-check
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { $, which } from 'zx'
import { debianMirror } from './mirror.mjs'
import { cacheDir } from './paths.mjs'
import { LabError, say } from './say.mjs'

/**
 * Installs the Debian packages whose command, or file where it begins with a slash, is missing: `{ dockerd: 'docker.io'
 * }`. Anything else than a Debian machine and root gets a message that names the packages.
 * @param {Record<string, string>} packageOf
 */
export async function ensureCommands(packageOf) {
  const missing = []
  for (const [command, name] of Object.entries(packageOf)) {
    if (!(await isThere(command))) missing.push({ command, name })
  }
  if (missing.length === 0) return
  const names = [...new Set(missing.map(({ name }) => name))]
  const commands = missing.map(({ command }) => command).join(', ')
  const apt = await which('apt-get', { nothrow: true })
  if (!apt || process.getuid?.() !== 0) {
    throw new LabError(
      `missing here: ${commands}. Install the packages ${names.join(' ')} (or run this as root on Debian)`,
    )
  }
  say(`installing ${names.join(' ')} (for ${commands}) with apt-get`)
  await aptInstall(names)
}

/** @param {string[]} names */
async function aptInstall(names) {
  const run = await withLists(
    () =>
      $({
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
        nothrow: true,
        // Another apt-get has its turn first: a fresh machine brings itself up to date at the same time.
      })`apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends ${names}`,
  )
  if (!run.ok) throw new LabError(`apt-get could not install ${names.join(' ')}:\n${run.stderr}`)
}

/**
 * Unpacks a part of a Debian package below a folder; the machine itself is left as it is.
 * @param {string} name of the package
 * @param {string} inside the package: a file or a folder, `./bin/busybox`
 * @param {string} dir an empty folder
 * @param {{ strip?: number, suite?: string }} [options] strip: leading folders that are left out; suite: another
 * release than the machine's own, `trixie`
 */
export async function unpackPackage(name, inside, dir, { strip = 0, suite } = {}) {
  const options = suite === undefined ? [] : await optionsOf(suite)
  const run = await withLists(
    () =>
      $({
        cwd: dir,
        nothrow: true,
      })`apt-get ${options} download ${name} && dpkg-deb --fsys-tarfile ${name}_*.deb | tar -x --strip-components=${strip} ${inside} && rm ${name}_*.deb`,
    options,
  )
  if (!run.ok) throw new LabError(`the package ${name} can't be had here: ${run.stderr.trim().split('\n').at(-1)}`)
}

/**
 * apt's options for another release of Debian, with lists of the lab's own: the machine's configuration stays as it is.
 * @param {string} suite
 */
async function optionsOf(suite) {
  const dir = join(cacheDir(), `apt-${suite}`)
  await mkdir(join(dir, 'lists/partial'), { recursive: true })
  const source = join(dir, 'sources.list')
  await writeFile(
    source,
    `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${await debianMirror()} ${suite} main\n`,
  )
  return [
    ['Dir::Etc::SourceList', source],
    ['Dir::Etc::SourceParts', '/dev/null'],
    ['Dir::State::Lists', join(dir, 'lists')],
  ].flatMap(([key, value]) => ['-o', `${key}=${value}`])
}

/**
 * A fresh machine has no package lists, or stale ones that name files the mirror has dropped.
 * @param {() => Promise<import('zx').ProcessOutput>} work
 * @param {string[]} [options] of apt
 */
async function withLists(work, options = []) {
  const run = await work()
  if (run.ok) return run
  await $`apt-get ${options} update`
  return work()
}

/** @param {string} command */
const isThere = async command =>
  command.startsWith('/') ? existsSync(command) : Boolean(await which(command, { nothrow: true }))
