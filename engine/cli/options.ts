import { existsSync } from 'node:fs'
import { refused } from '../failure/index.ts'
import type { ConnectionFlags } from '../host/index.ts'
import { readVaultSecrets } from '../vault/index.ts'
import { askSecret } from './ask.ts'
import type { Found, Settings } from './config/config.ts'
import type { Flags } from './flags.ts'

/** What a run is told, flags over ROTA_*, ANSIBLE_* and ansible.cfg. */
export interface Options {
  readonly sources: readonly string[]
  readonly forks: number
  readonly connection: ConnectionFlags
}

/** Measured on two cores: more connections at once than this only queue behind the key exchanges. */
const defaultForks = 32

export async function optionsFrom(flags: Flags, settings: Settings): Promise<Options> {
  const loginPassword = await passwordFrom(
    flags.askPass || settings.askPass?.value === true,
    flags.connectionPasswordFile ?? settings.connectionPasswordFile?.value,
    'SSH password: ',
  )
  const jumpPassword = flags.askJumpPass ? askSecret('Password of jump hosts: ') : undefined
  const becomePassword = await passwordFrom(
    flags.askBecomePass || settings.askBecomePass?.value === true,
    flags.becomePasswordFile ?? settings.becomePasswordFile?.value,
    // As in Ansible: Enter means the same as for logging in.
    `BECOME password${loginPassword ? ' (Enter: the SSH password)' : ''}: `,
  )
  return {
    sources: sourcesFrom(flags, settings),
    forks: flags.forks ?? settings.forks?.value ?? defaultForks,
    connection: {
      ...given('user', flags.user, settings.user),
      ...given('privateKey', flags.privateKey, settings.privateKey),
      ...given('timeout', flags.timeout, settings.timeout),
      ...given('connection', flags.connection, settings.connection),
      ...given('become', flags.become, settings.become),
      ...given('becomeUser', flags.becomeUser, settings.becomeUser),
      ...given('becomeMethod', flags.becomeMethod, settings.becomeMethod),
      ...given('sshArgs', undefined, settings.sshArgs),
      ...given('sshCommonArgs', flags.sshCommonArgs, settings.sshCommonArgs),
      ...given('sshExtraArgs', flags.sshExtraArgs, settings.sshExtraArgs),
      ...given('sshExecutable', undefined, settings.sshExecutable),
      ...given('hostKeyChecking', undefined, settings.hostKeyChecking),
      ...(loginPassword ? { password: loginPassword } : {}),
      ...(jumpPassword ? { jumpPassword } : {}),
      ...(becomePassword ? { becomePassword: () => becomePassword() || (loginPassword?.() ?? '') } : {}),
    },
  }
}

function given<N extends string, T>(name: N, flag: T | undefined, setting: Found<T> | undefined): { [K in N]?: T } {
  const value = flag ?? setting?.value
  return value === undefined ? {} : ({ [name]: value } as { [K in N]?: T })
}

async function passwordFrom(
  asked: boolean,
  file: string | undefined,
  prompt: string,
): Promise<(() => string) | undefined> {
  if (asked) return askSecret(prompt)
  if (file === undefined) return undefined
  // Read as a vault's is: a file, or what a script prints.
  const [secret] = await readVaultSecrets({ passwordFiles: [file] })
  return secret && (() => secret.password)
}

/** `-i`, else the inventory of ansible.cfg or of the environment. */
function sourcesFrom(flags: Flags, settings: Settings): readonly string[] {
  if (flags.inventory.length > 0) return flags.inventory
  const hint = 'name one with -i inventory/prod/hosts.ini, or as `inventory` in ansible.cfg'
  if (settings.inventory === undefined) throw refused([{ message: 'no inventory was given', hint }])
  const { value, from } = settings.inventory
  const missing = value.filter(path => !existsSync(path))
  if (missing.length === 0) return value
  throw refused(missing.map(path => ({ message: `${from}: there is no inventory ${path}`, hint })))
}
