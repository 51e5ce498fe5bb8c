import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Where the process stands: handed in, so that tests can have their own. */
export interface Surroundings {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface ConfigFile {
  readonly path: string
  readonly text: string
}

/**
 * The one ansible.cfg that counts (Ansible's find_ini_config_file): ANSIBLE_CONFIG, ./ansible.cfg, ~/.ansible.cfg,
 * /etc/ansible/ansible.cfg. That of a directory which anybody may write to is not read: it could run commands as us.
 */
export function findConfig({ cwd, env }: Surroundings): {
  readonly file?: ConfigFile
  readonly warnings: readonly string[]
} {
  const warnings: string[] = []
  const { ANSIBLE_CONFIG: named, HOME: home } = env
  const candidates = [
    ...(named ? [named] : []),
    ...(isWorldWritable(cwd) ? [] : ['ansible.cfg']),
    ...(home ? [join(home, '.ansible.cfg')] : []),
    '/etc/ansible/ansible.cfg',
  ]
  if (isWorldWritable(cwd) && readConfig(cwd, 'ansible.cfg'))
    warnings.push('ansible.cfg is not read: anybody may write to this directory (name it with ANSIBLE_CONFIG)')
  for (const path of candidates) {
    const file = readConfig(cwd, path)
    if (file) return { file, warnings }
    if (path === named) warnings.push(`ANSIBLE_CONFIG names ${named}, which can't be read`)
  }
  return { warnings }
}

function readConfig(cwd: string, path: string): ConfigFile | undefined {
  const absolute = path.startsWith('/') ? path : join(cwd, path)
  try {
    if (statSync(absolute).isDirectory()) return readConfig(cwd, join(path, 'ansible.cfg'))
    return { path, text: readFileSync(absolute, 'utf8') }
  } catch {
    return undefined
  }
}

function isWorldWritable(directory: string): boolean {
  return ((statSync(directory, { throwIfNoEntry: false })?.mode ?? 0) & 0o002) !== 0
}
