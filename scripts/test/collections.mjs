// @ts-check
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { $ } from 'zx'
import { say } from '../lab/say.mjs'

/** Where test/compat/oracle.py looks for Ansible's collections. */
export const collections = join(homedir(), '.cache', 'rota-test', 'collections')

/**
 * The collection ansible.utils, out of Debian's package `ansible`: of its 200 MB the tests need this folder alone. Without it they skip
 * what they would compare with it.
 */
export async function ensureCollections() {
  if (existsSync(join(collections, 'ansible_collections/ansible/utils/MANIFEST.json'))) return
  say('unpacking the collection ansible.utils out of the package ansible')
  const temporary = `${collections}.${process.pid}`
  mkdirSync(temporary, { recursive: true })
  const inside = './usr/lib/python3/dist-packages/ansible_collections/ansible/utils'
  const unpack = () =>
    $({
      cwd: temporary,
      nothrow: true,
    })`apt-get download ansible && dpkg-deb --fsys-tarfile ansible_*.deb | tar -x --strip-components=5 ${inside}`
  try {
    if (!(await unpack()).ok) {
      await $`apt-get update`
      const again = await unpack()
      if (!again.ok) return say(`it can't be had here: ${again.stderr.trim().split('\n').at(-1)}`)
    }
    rmSync(collections, { recursive: true, force: true })
    renameSync(temporary, collections)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}
