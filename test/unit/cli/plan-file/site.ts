import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type DieOn, localHosts, type Ran } from '../local-hosts.ts'

// Hosts of this machine and a playbook, for plans that are written to a file and done. What is done in every run is a
// line of a host's `acts`.
export const hosts = localHosts('plan', ['n1', 'n2', 'n3'])
const { dir, names, at } = hosts
export const secret = 'hunter22-canary'
const playbook = `import { around, command, facts, file, lineInFile, play, playbook, step } from 'rota'
import { said } from './lib.mjs'
const of = host => name => \`${dir}/\${host.name}/\${name}\`
const sh = text => ['sh', '-c', text]
const outOfService = around({
  name: 'out of service',
  enter: async ({ host, $ }) => void (await $\`touch \${of(host)('out')}\`),
  leave: async ({ host, $ }) => void (await $\`rm -f \${of(host)('out')}\`),
})
await playbook('site', ({ vars: { password } }) => [
  play('first', {
    hosts: 'all',
    maxFailPercentage: 100,
    tasks: ({ host }) => [
      lineInFile({ path: of(host)('motd'), line: said, title: 'motd', create: true, notify: 'reload' }),
      file({ path: of(host)('key'), content: password + host.var('hidden'), mode: '0600', title: 'key', secret: true }),
    ],
    handlers: { reload: command({ title: 'reload', run: sh('echo reloaded >"$XDG_STATE_HOME/reloaded"') }) },
  }),
  play('second', {
    hosts: 'all',
    serial: 1,
    maxFailPercentage: 100,
    around: [outOfService],
    tasks: ({ host }) => [
      file({ path: of(host)('conf'), content: said }),
      ...(host.var('acts') ? [command({ title: 'acts', run: sh('echo acts >>"$XDG_STATE_HOME/acts"') })] : []),
      step({
        title: 'works',
        facts: { done: facts.path({ path: of(host)('worked') }) },
        needed: ({ done }) => done.type === 'absent' && 'it has not worked',
        run: async ({ $ }) => void (await $\`sh -c \${'while [ -e ${dir}/hold-' + host.name + ' ]; do sleep 0.1; done; touch ' + of(host)('worked')}\`),
      }),
      lineInFile({ path: of(host)('motd'), line: 'more', title: 'more', create: true }),
    ],
  }),
], { vars: { password: { type: 'string', secret: true, default: '' }, api_token: { type: 'string', default: '' }, colour: { type: 'string', default: 'red' } } })
`
export const inventory = `${hosts.inventory}[all:vars]\nhidden=of-all\nacts=\n`

export const anew = (each: (name: string) => void = name => writeFileSync(at(name, 'motd'), 'old\n')) =>
  hosts.anew(
    {
      'site.mjs': playbook,
      'other.mjs': playbook.replace("'site'", "'other'"),
      'lib.mjs': "export const said = 'new'\n",
      'hosts.ini': inventory,
      'more.ini': inventory.replace('of-all', 'of-others'),
    },
    each,
  )
export const start = ['-i', 'hosts.ini', '-e', `password=${secret}`]
export const again = ['-e', `password=${secret}`]
export const site = (args: readonly string[], dieOn?: DieOn, file = 'site.mjs'): Promise<Ran> =>
  hosts.ran([at(file), '--json', ...args], dieOn)
export const plan = (...args: readonly string[]) => site([...start, '--plan-out', 'plan.yml', ...args])
export const apply = (...args: readonly string[]) => site(['--apply', 'plan.yml', ...again, ...args])
export const text = (name = 'plan.yml') => readFileSync(at(name), 'utf8')
/** As a host is, with what Rota keeps there only if `whole`. */
export const stateOf = (name: string, whole = false): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(at(name), { recursive: true, encoding: 'utf8' })
      .filter(file => whole || !file.startsWith('rota'))
      .sort()
      .map(file => {
        const stat = lstatSync(at(name, file))
        const mode = (stat.mode & 0o777).toString(8)
        return [file, stat.isFile() ? `${mode} ${readFileSync(at(name, file), 'utf8')}` : mode]
      }),
  )
export const states = (whole?: boolean) => names.map(name => stateOf(name, whole))
export const changed = ({ events }: Ran) =>
  events.flatMap(event => (event.kind === 'task' && event.status === 'changed' ? [`${event.host} ${event.task}`] : []))
