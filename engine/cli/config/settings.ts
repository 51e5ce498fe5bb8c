/** How a setting's text is read (Ansible's config/base.yml `type`). */
export type Kind = 'text' | 'path' | 'paths' | 'list' | 'integer' | 'boolean'

export interface Setting {
  /** `section.key` in ansible.cfg. */
  readonly ini: readonly string[]
  /** Environment variables without `ANSIBLE_`; with `ROTA_` they come first. */
  readonly env: readonly string[]
  readonly kind: Kind
}

const setting = <K extends Kind>(kind: K, name: string, section = 'defaults') => ({
  ini: [`${section}.${name}`],
  env: [name.toUpperCase()],
  kind,
})

/** What Rota takes from ansible.cfg and from ANSIBLE_* in the environment: names and types are Ansible's. */
export const settings = {
  inventory: setting('paths', 'inventory'),
  user: setting('text', 'remote_user'),
  privateKey: setting('path', 'private_key_file'),
  forks: setting('integer', 'forks'),
  timeout: {
    ini: ['defaults.timeout', 'ssh_connection.timeout'],
    env: ['TIMEOUT', 'SSH_TIMEOUT'],
    kind: 'integer',
  },
  connection: setting('text', 'transport'),
  askPass: setting('boolean', 'ask_pass'),
  connectionPasswordFile: setting('path', 'connection_password_file'),
  hostKeyChecking: {
    ini: ['defaults.host_key_checking', 'ssh_connection.host_key_checking'],
    env: ['HOST_KEY_CHECKING', 'SSH_HOST_KEY_CHECKING'],
    kind: 'boolean',
  },
  sshArgs: { ini: ['ssh_connection.ssh_args'], env: ['SSH_ARGS'], kind: 'text' },
  sshCommonArgs: { ini: ['ssh_connection.ssh_common_args'], env: ['SSH_COMMON_ARGS'], kind: 'text' },
  sshExtraArgs: { ini: ['ssh_connection.ssh_extra_args'], env: ['SSH_EXTRA_ARGS'], kind: 'text' },
  sshExecutable: { ini: ['ssh_connection.ssh_executable'], env: ['SSH_EXECUTABLE'], kind: 'text' },
  become: setting('boolean', 'become', 'privilege_escalation'),
  becomeMethod: setting('text', 'become_method', 'privilege_escalation'),
  becomeUser: setting('text', 'become_user', 'privilege_escalation'),
  askBecomePass: setting('boolean', 'become_ask_pass', 'privilege_escalation'),
  becomePasswordFile: setting('path', 'become_password_file'),
  vaultPasswordFile: setting('path', 'vault_password_file'),
  vaultIds: setting('list', 'vault_identity_list'),
  vaultEncryptId: setting('text', 'vault_encrypt_identity'),
  askVaultPass: setting('boolean', 'ask_vault_pass'),
} as const satisfies Readonly<Record<string, Setting>>

export type SettingName = keyof typeof settings

interface Values {
  readonly text: string
  readonly path: string
  readonly paths: readonly string[]
  readonly list: readonly string[]
  readonly integer: number
  readonly boolean: boolean
}

export type ValueOf<N extends SettingName> = Values[(typeof settings)[N]['kind']]
