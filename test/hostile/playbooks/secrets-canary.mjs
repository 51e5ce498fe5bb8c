// Every place where a value can be used gets a secret of its own. MODE says how it ends, or that it leaks on purpose.
import { spawn } from 'node:child_process'
import { writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  blob,
  blockInFile,
  command,
  computed,
  defineRole,
  directory,
  facts,
  fetch,
  file,
  gate,
  hostCheck,
  lineInFile,
  play,
  playbook,
  step,
  waitFor,
} from 'rota'

const { MODE: mode, FETCHED: fetched } = process.env
const dir = '/opt/rota-canary'
const places = [
  'param',
  'content',
  'computed',
  'base64',
  'stdin',
  'env',
  'line',
  'block',
  'http',
  'step',
  'handler',
  'title',
]
const properties = Object.fromEntries(
  places.map(name => [
    name,
    { type: 'string', text: 'lines', var: `canary_${name}`, ...(name === 'param' ? { secret: true } : {}) },
  ]),
)
const role = defineRole({
  name: 'canary',
  params: { type: 'object', properties, required: places },
  tasks: ({ params: p }) => [
    directory({ path: dir }),
    file({ path: `${dir}/content`, content: `a\npassword=${p.content}\nb\n`, notify: 'reload' }),
    file({
      path: `${dir}/computed`,
      content: computed({ there: facts.path({ path: dir }) }, () =>
        JSON.stringify({ password: p.computed, param: p.param }),
      ),
    }),
    file({ path: `${dir}/base64`, content: Buffer.from(`user:${p.base64}`).toString('base64') }),
    lineInFile({ path: `${dir}/line`, create: true, mode: '0600', line: `line=${p.line}` }),
    blockInFile({ path: `${dir}/block`, create: true, mode: '0600', block: `block=${p.block}` }),
    command({
      title: `a title with ${p.title}`,
      run: 'cat; cat | base64; printf "%s\\n" "$CANARY"; printf %s "$CANARY" | od -An -tx1; sleep 0.3',
      stdin: `${p.stdin}\n`,
      env: { CANARY: p.env },
    }),
    step({
      title: 'a step',
      run: async ({ $, say }) => {
        const { stdout } = await $`cat ${blob(p.step)}; base64`.stdin(p.step)
        say(stdout)
        if (mode === 'leak') {
          writeSync(1, `past the streams: ${p.step}\n`)
          writeFileSync(join(tmpdir(), 'left'), p.step)
          spawn('sh', ['-c', 'sleep 1; :', 'x', p.step], { stdio: 'ignore' })
          spawn('sh', ['-c', 'sleep 1; :'], { stdio: 'ignore', env: { ...process.env, LEFT: p.step } })
          await $`sh -c 'sleep 0.5; :' x "$(cat ${blob(p.param)})"; cat ${blob(p.param)} >/opt/rota-canary/open; chmod 0644 /opt/rota-canary/open`
        }
        if (mode === 'refused') await $`printf %s ${p.step}`
        if (mode === 'throw') throw new Error(`it failed with ${JSON.stringify({ step: p.step })}`, { cause: p.step })
        return { summary: `said ${p.step}` }
      },
    }),
    fetch({ path: `${dir}/content`, to: fetched, optional: true }),
    mode === 'fail' && command({ run: 'cat >&2; exit 3', stdin: `${p.stdin}\n${p.content}\n` }),
    mode === 'wait' && waitFor({ http: { url: 'http://127.0.0.1:9/', user: 'me', password: p.http }, timeout: 1 }),
  ],
  handlers: ({ params: p }) => ({ reload: command({ run: 'cat', stdin: p.handler }) }),
  checks: ({ params: p, host }) => [
    hostCheck({
      name: `check ${p.title}`,
      facts: {
        http: facts.http({ url: 'http://127.0.0.1:9/', user: 'me', password: p.http }),
        env: facts.command({ run: 'printf %s "$X"', env: { X: p.env } }),
      },
      verdict: ({ http: answer, env }) => ({
        ok: mode !== 'check',
        expected: `${p.http} of ${host.name}`,
        saw: JSON.stringify({ answer, env }),
      }),
    }),
  ],
})
await playbook('secrets-canary', ({ inventory }) => {
  const secret = inventory.hosts[0].var('canary_play')
  return [
    play(`a play named ${secret}`, {
      hosts: 'all',
      roles: [role()],
      gate: gate({
        name: 'a gate',
        timeout: 1,
        facts: () => ({ it: facts.command({ run: 'printf %s "$X"', env: { X: secret } }) }),
        check: ({ it }) => (mode === 'gate' ? { ok: false, expected: secret, saw: it.stdout } : { ok: true }),
      }),
    }),
  ]
})
