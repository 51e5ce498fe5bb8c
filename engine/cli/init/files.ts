import { readFileSync } from 'node:fs'

const own: { readonly version: string; readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
)

/** What the files below need of a package.json. */
export const packageJson = () => ({
  private: true,
  type: 'module',
  scripts: { test: 'node --import rota/register node_modules/uvu/bin.js roles .test.ts' },
  dependencies: { rota: `^${own.version}`, zx: own.dependencies.zx ?? '^8' },
  devDependencies: { '@types/node': '^20', typescript: '>=5.8', uvu: '^0.5.6' },
})

/** Which inventory counts where none is named with -i: Ansible reads the same file. */
const config = '[defaults]\ninventory = inventory/hosts.ini\n'

const hosts = `# The hosts. Ansible's formats are read, with group_vars/ and host_vars/ beside this file.
[web]
localhost ansible_connection=local
# web-1 ansible_host=192.0.2.11
`

const site = `#!/usr/bin/env zx
// npx rota run playbooks/site.mjs --check --diff
import { play, playbook } from 'rota'
import { hello } from '../roles/hello/role.ts'

await playbook('site', [play('a word to everybody', { hosts: 'all', serial: '20%', roles: [hello()] })])
`

const role = `import { defineRole, file, type HostView, type ParamsOf } from 'rota'

/**
 * Each is set in a playbook (\`hello({ text })\`), in the inventory (hello_text, or what \`var\` names), or with -e.
 */
const params = {
  type: 'object',
  properties: {
    text: { type: 'string', default: 'Be kind.', var: 'hello_text', description: 'What users read.' },
    path: { type: 'string', format: 'absolute-path', default: '/etc/motd', description: 'Where they read it.' },
  },
} as const

interface Context {
  readonly params: ParamsOf<typeof params>
  readonly host: Pick<HostView, 'name'>
}

/** Tasks are data: a role says what a host shall look like and never talks to it. */
export const tasks = ({ params, host }: Context) => [
  file({ path: params.path, content: \`\${host.name}: \${params.text}\\n\`, mode: '0644' }),
]

export const hello = defineRole({ name: 'hello', description: 'A word to who logs in.', params, tasks })
`

const roleTest = `import { test } from 'uvu'
import { equal } from 'uvu/assert'
import { tasks } from './role.ts'

test('who logs in reads the text and the name of the host', () => {
  const made = tasks({ params: { text: 'Hello', path: '/etc/motd' }, host: { name: 'web-1' } })
  equal(
    made.map(task => task.args),
    [{ path: '/etc/motd', content: 'web-1: Hello\\n', mode: '0644' }],
  )
})

test.run()
`

const tsconfig = `${JSON.stringify(
  {
    compilerOptions: {
      target: 'es2022',
      module: 'nodenext',
      types: ['node'],
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
      allowJs: true,
      checkJs: true,
    },
    include: ['roles', 'playbooks'],
  },
  undefined,
  2,
)}\n`

const settings = `${JSON.stringify(
  {
    'files.associations': { '**/inventory/**/hosts': 'ini', '**/group_vars/**': 'yaml', '**/host_vars/**': 'yaml' },
    'search.exclude': { 'package-lock.json': true },
  },
  undefined,
  2,
)}\n`

const extensions = `${JSON.stringify({ recommendations: ['redhat.vscode-yaml', 'biomejs.biome'] }, undefined, 2)}\n`

/** A repository that works, by path. */
export const files: Readonly<Record<string, string>> = {
  '.gitignore': 'node_modules/\n*.log\n',
  '.vscode/extensions.json': extensions,
  '.vscode/settings.json': settings,
  'ansible.cfg': config,
  'inventory/hosts.ini': hosts,
  'playbooks/site.mjs': site,
  'roles/hello/role.test.ts': roleTest,
  'roles/hello/role.ts': role,
  'tsconfig.json': tsconfig,
}
