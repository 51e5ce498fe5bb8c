// @ts-check
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { unpackPackage } from '../lab/apt.mjs'
import { say } from '../lab/say.mjs'

/** Where test/compat/oracle.py looks for Ansible's collections. */
export const collections = join(homedir(), '.cache', 'rota-test', 'collections')

/**
 * The collection ansible.utils, out of Debian's package `ansible`: of its 200 MB the tests need this folder alone.
 * Without it they skip what they would compare with it.
 */
export async function ensureCollections() {
  if (existsSync(join(collections, 'ansible_collections/ansible/utils/MANIFEST.json'))) return
  say('unpacking the collection ansible.utils out of the package ansible')
  const temporary = `${collections}.${process.pid}`
  mkdirSync(temporary, { recursive: true })
  const inside = './usr/lib/python3/dist-packages/ansible_collections/ansible/utils'
  try {
    await unpackPackage('ansible', inside, temporary, { strip: 5 })
    rmSync(collections, { recursive: true, force: true })
    renameSync(temporary, collections)
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}
