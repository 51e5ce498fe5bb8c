// @ts-check
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from 'zx'
import { ensureCommands } from './apt.mjs'
import { LabError, say } from './say.mjs'

/**
 * Downloads a Debian source package's upstream tarball into `dir` and returns its file name. The machine's own apt
 * sources serve, read as deb-src, through lists of the lab's own: the machine's configuration stays as it is.
 * @param {string} name
 * @param {string} dir
 */
export async function fetchSource(name, dir) {
  const have = (await readdir(dir)).find(file => file.startsWith(`${name}_`) && /\.orig\.tar\.\w+$/.test(file))
  if (have) return have
  await ensureCommands({ 'dpkg-source': 'dpkg-dev' })
  const apt = join(dir, 'apt')
  await mkdir(join(apt, 'sources.list.d'), { recursive: true })
  await mkdir(join(apt, 'lists/partial'), { recursive: true })
  await writeSources(join(apt, 'sources.list.d'))
  const options = [
    ['Dir::Etc::SourceList', '/dev/null'],
    ['Dir::Etc::SourceParts', join(apt, 'sources.list.d')],
    ['Dir::State::Lists', join(apt, 'lists')],
  ].flatMap(([key, value]) => ['-o', `${key}=${value}`])
  say(`fetching the source package ${name} (apt-get source)`)
  await $`apt-get ${options} update`
  const run = await $({ cwd: dir, nothrow: true })`apt-get ${options} source --download-only --tar-only ${name}`
  if (!run.ok) throw new LabError(`apt-get source ${name} failed:\n${run.stderr}`)
  const tarball = (await readdir(dir)).find(file => file.startsWith(`${name}_`) && /\.orig\.tar\.\w+$/.test(file))
  if (!tarball) throw new LabError(`apt-get source ${name} brought no upstream tarball`)
  return tarball
}

/** @param {string} target */
async function writeSources(target) {
  const files = await readdir('/etc/apt/sources.list.d').catch(() => [])
  const all = ['/etc/apt/sources.list', ...files.map(file => join('/etc/apt/sources.list.d', file))]
  for (const file of all.filter(path => /\.(list|sources)$/.test(path))) {
    const text = await readFile(file, 'utf8').catch(() => '')
    await writeFile(join(target, file.replaceAll('/', '_').replace(/^_/, '')), asDebSrc(text))
  }
}

/**
 * Both of apt's formats: `deb …` lines and `Types: deb` stanzas.
 * @param {string} text
 */
export const asDebSrc = text =>
  text
    .split('\n')
    .filter(line => !/^\s*deb-src\s/.test(line))
    .map(line => line.replace(/^\s*deb(?=\s)/, 'deb-src').replace(/^Types:.*/, 'Types: deb-src'))
    .join('\n')
