// @ts-check
/** @import { Setup, Tool } from '../types.ts' */
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { which } from 'zx'

const playbook = fileURLToPath(new URL('../ansible/site.yml', import.meta.url))
const mitogenPlugins = '/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy'

const missing = async () =>
  (await which('ansible-playbook', { nothrow: true }))
    ? undefined
    : 'ansible-playbook is not installed (apt-get install ansible-core)'

/** What an Ansible user who cares for speed sets. @param {Setup} setup @param {string} strategy */
async function configured({ dir, targets }, strategy) {
  const file = join(dir, `ansible-${strategy}.cfg`)
  await mkdir(join(dir, 'cp'), { recursive: true })
  const lines = [
    '[defaults]',
    `forks = ${targets.length}`,
    'gathering = explicit',
    'interpreter_python = /usr/bin/python3',
    `local_tmp = ${join(dir, 'ansible')}`,
    'retry_files_enabled = false',
    `strategy = ${strategy}`,
    ...(strategy === 'linear' ? [] : [`strategy_plugins = ${mitogenPlugins}`]),
    '[ssh_connection]',
    'pipelining = true',
    'ssh_args = -o ControlMaster=auto -o ControlPersist=60s',
    `control_path_dir = ${join(dir, 'cp')}`,
    '',
  ]
  await writeFile(file, lines.join('\n'))
  return { ANSIBLE_CONFIG: file, ANSIBLE_HOME: join(dir, 'ansible'), LC_ALL: 'C.UTF-8' }
}

/** @type {(strategy: string) => Tool['run']} */
const run = strategy => async (setup, upstreams) => ({
  words: ['ansible-playbook', '-i', setup.inventory, '-e', `@${setup.site}`, '-e', `upstreams=${upstreams}`, playbook],
  env: await configured(setup, strategy),
})

/** @type {Tool} */
export const ansible = {
  name: 'ansible',
  missing,
  run: run('linear'),
  warm: async setup => ({
    words: ['ansible', '-i', setup.inventory, 'all', '-m', 'ansible.builtin.raw', '-a', 'true'],
    env: await configured(setup, 'linear'),
  }),
}

/** It keeps its own connections for a run and none after it. @type {Tool} */
export const mitogen = {
  name: 'mitogen',
  missing: async () =>
    (await missing()) ??
    (existsSync(mitogenPlugins) ? undefined : 'mitogen is not installed (apt-get install ansible-mitogen)'),
  run: run('mitogen_linear'),
}
