// @ts-check
/** @import { LabFiles, LabState } from './types.ts' */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { $ } from 'zx'
import { stateDir } from './paths.mjs'
import { LabError } from './say.mjs'

/**
 * Where a lab keeps what. The inventory stands in the checkout, everything secret outside it.
 * @param {string} name
 */
export function labFiles(name) {
  // The name becomes a folder, container names and a network; `lab…` is also what .gitignore covers.
  if (!/^lab(-[a-z0-9]{1,16})*$/.test(name)) throw new LabError(`a lab is called lab or lab-something, not ${name}`)
  const dir = stateDir(name)
  const inventoryDir = fileURLToPath(new URL(`../../inventory/${name}/`, import.meta.url))
  return {
    dir,
    key: join(dir, 'id_ed25519'),
    knownHosts: join(dir, 'known_hosts'),
    operatorPassword: join(dir, 'operator-password'),
    state: join(dir, 'state.json'),
    inventoryDir,
    inventory: join(inventoryDir, 'hosts.ini'),
  }
}

/**
 * The lab's own SSH key and the operator's sudo password, made once.
 * @param {LabFiles} files
 */
export async function ensureSecrets(files) {
  await mkdir(files.dir, { recursive: true, mode: 0o700 })
  await chmod(files.dir, 0o700)
  if (!existsSync(files.key)) await $`ssh-keygen -q -t ed25519 -N '' -C rota-lab -f ${files.key}`
  if (!existsSync(files.operatorPassword))
    await write(files.operatorPassword, `${randomBytes(12).toString('base64url')}\n`)
  return {
    publicKey: (await readFile(`${files.key}.pub`, 'utf8')).trim(),
    operatorPassword: (await readFile(files.operatorPassword, 'utf8')).trim(),
  }
}

/** @param {LabFiles} files @returns {Promise<LabState | undefined>} */
export async function readState(files) {
  const text = await readFile(files.state, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : JSON.parse(text)
}

/** @param {LabFiles} files @param {LabState} state */
export const writeState = (files, state) => write(files.state, `${JSON.stringify(state, null, 2)}\n`)

/** @param {LabFiles} files @param {Readonly<Record<string, string>>} texts by path below the inventory's folder */
export async function writeInventory(files, texts) {
  for (const [name, text] of Object.entries(texts)) {
    const file = join(files.inventoryDir, name)
    await mkdir(dirname(file), { recursive: true })
    await write(file, text, 0o644)
  }
}

/** @param {LabFiles} files */
export async function removeState(files) {
  await rm(files.dir, { recursive: true, force: true })
  await rm(files.inventoryDir, { recursive: true, force: true })
}

/** @param {string} file @param {string} text */
export async function write(file, text, mode = 0o600) {
  await writeFile(`${file}.new`, text, { mode })
  await rename(`${file}.new`, file)
}
