// @ts-check
import { existsSync } from 'node:fs'
import { $, which } from 'zx'
import { LabError, say } from './say.mjs'

/**
 * Installs the Debian packages whose command, or file where it begins with a slash, is missing: `{ dockerd: 'docker.io' }`.
 * Anything else than a Debian machine and root gets a message that names the packages.
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
  const install = () =>
    $({
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      nothrow: true,
    })`apt-get install -y --no-install-recommends ${names}`
  // A fresh machine has no package lists, or stale ones that name files the mirror has dropped.
  let run = await install()
  if (!run.ok) {
    await $`apt-get update`
    run = await install()
  }
  if (!run.ok) throw new LabError(`apt-get could not install ${names.join(' ')}:\n${run.stderr}`)
}

/** @param {string} command */
const isThere = async command =>
  command.startsWith('/') ? existsSync(command) : Boolean(await which(command, { nothrow: true }))
