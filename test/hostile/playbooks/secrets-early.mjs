// Refused before any host is asked, each time with words that quote a secret: WHICH says where.
import { command, defineRole, facts, file, gate, hostCheck, lineInFile, play, playbook } from 'rota'

const which = process.env.WHICH
const fail = text => {
  throw new Error(`it failed with ${text}`)
}
const role = defineRole({
  name: 'early',
  params: {
    type: 'object',
    properties: {
      x: { type: 'string', var: 'db_pw', secret: true },
      y: { type: 'string', var: 'derived' },
      z: { type: ['string', 'number'], var: 'broken' },
      kind: { enum: ['a', 'b'], var: 'kind' },
      pin: { type: 'string', var: 'pin', secret: true },
    },
  },
  check: ({ params, host }) => [
    ...(which === 'check' ? [`bad value ${params.x}`] : []),
    ...(which === 'derived' ? [`bad values ${params.y} ${host.var('made')}`] : []),
    ...(which === 'var' ? [`bad value ${host.var('other')}`] : []),
  ],
  prepare: async ({ hosts }) => {
    if (which === 'prepare') fail(hosts[0].params.x)
  },
  tasks: ({ params }) => {
    if (which === 'forms') return []
    if (which === 'tasks') fail(params.x)
    if (which === 'console') console.log(`console ${params.x}`)
    if (which === 'console.error') console.error('console', { nested: { x: params.x } })
    if (which === 'cut') console.log({ x: `${'x'.repeat(9990)}${params.x}` })
    if (which === 'output')
      setTimeout(() => {
        // As execFileSync throws it.
        throw Object.assign(new Error('it failed'), { stdout: Buffer.from(`${'x'.repeat(40)}${params.x}`) })
      })
    if (which === 'uncaught') setTimeout(() => fail(params.x))
    if (which === 'rejection') Promise.reject(new Error(`it failed with ${params.x}`, { cause: params.x }))
    if (which === 'odd rejection') Promise.reject(`odd ${params.x}`)
    if (which === 'argv') return [command({ run: ['true', `--password=${params.x}`] })]
    if (which === 'shell') return [command({ run: `true --password='${params.x}'` })]
    if (which === 'unless') return [command({ run: 'true', unless: ['true', params.x] })]
    if (which === 'open edit') return [lineInFile({ path: '/nonexistent/x', line: `password=${params.x}` })]
    if (which === 'late') return [command({ title: `raw ${params.x}`, run: ['curl', '-u', `me:${params.x}`] })]
    const path = which === 'path' ? `relative/${params.x}` : '/nonexistent/x'
    const wrong = which === 'mode' ? { mode: params.x } : which === 'owner' ? { owner: `${params.x}:` } : {}
    const open = which === 'open' ? { mode: '0644' } : {}
    return [file({ path, content: which === 'open' ? `password=${params.x}\n` : 'x', ...wrong, ...open })]
  },
  checks: ({ params: { x } }) => [
    which === 'forms' &&
      hostCheck({
        name: 'forms',
        facts: {
          said: facts.command({
            run: 'printf "%s\\n" "$X"; printf %s "$X" | base64; printf %s "me:$X" | base64',
            env: { X: x },
          }),
        },
        verdict: ({ said }) => ({
          ok: true,
          expected: 'all of them',
          saw: [
            said.stdout,
            JSON.stringify({ a: x }),
            Buffer.from(x).toString('hex'),
            encodeURIComponent(x),
            `"${x.replace(/[\\"]/g, '\\$&')}"`,
          ].join('\n'),
        }),
      }),
  ],
  handlers: ({ params }) => (which === 'handlers' ? fail(params.x) : {}),
})
const plays = ({ inventory }) => {
  const secret = inventory.hosts[0].var('db_pw')
  if (which === 'plays') fail(secret)
  return [
    play(which === 'serial' ? `play ${secret}` : 'play', {
      hosts: which === 'hosts' ? secret : 'all',
      roles: [role()],
      ...(which === 'serial' ? { serial: 'x' } : {}),
      ...(which === 'tags' ? { tags: secret } : {}),
      ...(which === 'gate url' ? { afterBatch: [gate.http({ name: `g ${secret}`, url: `//${secret}` })] } : {}),
      ...(which === 'gate host' ? { afterBatch: [gate.command({ name: 'g', run: 'true', host: secret })] } : {}),
      ...(which === 'gate command' ? { afterBatch: [gate.command({ run: ['curl', '-H', secret] })] } : {}),
      ...(which === 'gate'
        ? { gate: gate({ name: 'g', facts: () => fail(secret), check: () => ({ ok: true }) }) }
        : {}),
    }),
  ]
}
await playbook('secrets-early', plays)
if (which === 'thrown') fail(process.env.NOT_KNOWN ?? 'nothing')
