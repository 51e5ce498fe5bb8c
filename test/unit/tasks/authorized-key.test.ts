import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AuthorizedKeysFact } from '../../../engine/facts/index.ts'
import { editKeys, type KeysEdit, readKey } from '../../../engine/tasks/edit-keys.ts'
import { authorizedKey } from '../../../engine/tasks/index.ts'
import { sha256 } from '../../../engine/tasks/local.ts'
import { nameOf, shells } from '../facts/probe.ts'
import { converge, pass, type ShellWords, sandbox } from './converge.ts'
import { entry, planText, planWith, problemsOf } from './plan.ts'

/** A key of this type with other bytes for each name. */
const key = (name: string, type = 'ssh-ed25519'): string => {
  const length = Buffer.from([0, 0, 0, type.length])
  return `${type} ${Buffer.concat([length, Buffer.from(type + name.padEnd(33, '.'))]).toString('base64')}`
}
const [a, b, c] = ['a', 'b', 'c'].map(name => key(name)) as [string, string, string]
const keys = (...lines: readonly string[]) => lines.flatMap(line => readKey(line) ?? [])
const limited = 'from="10.0.0.0/8",command="echo \\"a b\\"",no-pty'

const edits: readonly (readonly [string, string, Partial<KeysEdit>, string])[] = [
  ['a new file', '', { keys: keys(`${a} ann`) }, `${a} ann\n`],
  [
    'what is there stays byte for byte',
    `# us\n\n${b}  bob \r\nnonsense`,
    { keys: keys(a) },
    `# us\n\n${b}  bob \r\nnonsense\n${a}\n`,
  ],
  ['nothing to do', `${a}   ann\n`, { keys: keys(`${a} ann`) }, `${a}   ann\n`],
  ['a comment that is not given stays', `${a} ann\n`, { keys: keys(a) }, `${a} ann\n`],
  ['a comment', `${a} ann\n`, { keys: keys(`${a} ann@new`) }, `${a} ann@new\n`],
  ['options', `${a} ann\n${b}\n`, { keys: keys(`${limited} ${a}`) }, `${limited} ${a} ann\n${b}\n`],
  ['options go', `${limited} ${a} ann\n`, { keys: keys(a) }, `${a} ann\n`],
  [
    'a second line with the key would open more',
    `${limited} ${a}\n${a}\n`,
    { keys: keys(`${limited} ${a}`) },
    `${limited} ${a}\n`,
  ],
  ['no other key', `# us\n${b}\n${limited} ${c}\nnonsense\n${a}\n`, { keys: keys(a), exclusive: true }, `# us\n${a}\n`],
  ['absent', `${a}\n${limited} ${a}\n${b}`, { keys: keys(a), state: 'absent' }, b],
]
for (const [name, before, edit, after] of edits)
  test(`keys: ${name}`, () =>
    assert.is(editKeys(before, { keys: [], state: 'present', exclusive: false, ...edit }), after))

test('keys: once done, nothing is left to do, and other keys stay', () => {
  const line = fc.constantFrom(a, `${limited} ${b}`, `${c} c`, '# x', '', 'zzz', ` ${a} x\r`)
  const text = fc.tuple(fc.array(line), fc.constantFrom('', '\n')).map(([all, end]) => all.join('\n') + end)
  const state = fc.constantFrom('present' as const, 'absent' as const)
  fc.assert(
    fc.property(text, fc.subarray([a, b]), state, (before, wanted, how) => {
      const edit = { keys: keys(...wanted), state: how, exclusive: false }
      const once = editKeys(before, edit)
      assert.is(editKeys(once, edit), once)
      assert.is(once.includes(c), before.includes(c))
    }),
  )
})

test('a line is read in no time, whatever its user wrote there', () => {
  const begun = performance.now()
  for (const piece of ['"', 'a"', '"\\', 'a ', '\t', 'ssh-', 'a="b" ']) readKey(piece.repeat(200_000))
  assert.ok(performance.now() - begun < 2000)
})

const exposed = '/home/ann belongs to ann'
const home = (more: object = {}): AuthorizedKeysFact => ({
  type: 'home',
  path: '/home/ann/.ssh',
  uid: 1000,
  gid: 1000,
  folder: entry({ type: 'directory', mode: '0700', owner: 'ann', group: 'ann', uid: 1000, gid: 1000, exposed }),
  file: entry({
    mode: '0600',
    owner: 'ann',
    group: 'ann',
    uid: 1000,
    gid: 1000,
    exposed,
    sha256: sha256(`${a}\n`),
    content: { base64: Buffer.from(`${a}\n`).toString('base64') },
  }),
  ...more,
})
const open = entry({ type: 'directory', mode: '0755', uid: 0, owner: 'root', group: 'ann', gid: 1000, exposed })
const gone = { type: 'absent', exposed }

const plans: readonly (readonly [string, Parameters<typeof authorizedKey>[0], AuthorizedKeysFact, boolean, string])[] =
  [
    ['there', { user: 'ann', key: a }, home(), false, 'nothing'],
    ['missing', { user: 'ann', key: b }, home(), false, 'content differs'],
    [
      'neither file nor directory',
      { user: 'ann', key: b },
      home({ folder: gone, file: gone }),
      false,
      'does not exist',
    ],
    [
      'a directory that others may enter',
      { user: 'ann', key: a },
      home({ folder: open }),
      false,
      '/home/ann/.ssh: mode 0755 → 0700, /home/ann/.ssh: owner root → 1000',
    ],
    [
      'absent and no file',
      { user: 'ann', key: a, state: 'absent' },
      home({ folder: gone, file: gone }),
      false,
      'nothing',
    ],
    [
      'absent: nobody minds the mode',
      { user: 'ann', key: b, state: 'absent' },
      home({ folder: open }),
      false,
      'nothing',
    ],
    [
      'no user',
      { user: 'ann', key: a },
      { type: 'noUser' },
      false,
      'refused: there is no user ann: make him with user() first',
    ],
    ['a user who is to be made', { user: 'ann', key: a }, { type: 'noUser' }, true, 'added once the user exists'],
    ['absent, and so is the user', { user: 'ann', key: a, state: 'absent' }, { type: 'noUser' }, false, 'nothing'],
    ['a link', { user: 'ann', key: a }, { type: 'unknown', reason: 'it is a link' }, false, 'refused: it is a link'],
  ]
for (const [name, args, fact, changed, text] of plans)
  test(`plan: ${name}`, () => assert.is(planText(planWith(authorizedKey(args), () => fact, { changed })), text))

test('arguments', () => {
  const wrong = (more: object) => problemsOf(authorizedKey({ user: 'ann', key: a, ...more }))
  assert.equal(wrong({ key: [`${a}\n# two\n${limited} ${b} bob`, key('c', 'sk-ssh-ed25519@openssh.com')] }), [])
  assert.equal(wrong({ options: limited }), [])
  for (const each of [
    { key: '' },
    { key: a.slice(0, 20) },
    { key: a.replace('ssh-ed25519', 'ssh-rsa') },
    { key: '/root/.ssh/id_ed25519.pub' },
    { options: 'command="a' },
    { options: 'no-pty\nfrom' },
    { options: 'command="a\nb"' },
    { user: '../x' },
    { exclusive: true, state: 'absent' },
  ])
    assert.is(wrong(each).length, 1, JSON.stringify(each))
})

// Somebody else's home, as far as the host knows: a user of this name, whose home is in the sandbox.
const uid = 64_217
function hostOf(shell: ShellWords) {
  const dir = sandbox()
  const ssh = join(dir, 'home/.ssh')
  const bin = join(dir, 'bin')
  mkdirSync(join(dir, 'home'))
  chmodSync(dir, 0o755)
  chownSync(join(dir, 'home'), uid, uid)
  mkdirSync(bin)
  writeFileSync(join(bin, 'getent'), `#!/bin/sh\necho 'ann:x:${uid}:${uid}:Ann:${dir}/home:/bin/sh'\n`, { mode: 0o755 })
  const [, path = process.env.PATH ?? ''] = shell[0] === 'env' ? (shell[1]?.split('PATH=') ?? []) : []
  const rest = shell[0] === 'env' ? shell.slice(2) : shell
  return { dir, ssh, file: join(ssh, 'authorized_keys'), shell: ['env', `PATH=${bin}:${path}`, ...rest] as ShellWords }
}
const isRoot = process.getuid?.() === 0

for (const words of isRoot ? shells : []) {
  test(`${nameOf(words)}: keys of another user are his, and nobody else may read them`, () => {
    const { dir, ssh, file, shell } = hostOf(words)
    const tasks = [authorizedKey({ user: 'ann', key: a }), authorizedKey({ user: 'ann', key: `${limited} ${b} bob` })]
    assert.is(converge(shell, tasks, dir).changes.length, 2)
    assert.is(readFileSync(file, 'utf8'), `${a}\n${limited} ${b} bob\n`)
    for (const [path, mode] of [
      [ssh, 0o700],
      [file, 0o600],
    ] as const) {
      const { mode: now, uid: owner, gid: group } = statSync(path)
      assert.equal([now & 0o777, owner, group], [mode, uid, uid])
    }
    chmodSync(file, 0o644)
    chownSync(ssh, 0, 0)
    assert.match(
      converge(shell, [tasks[0] as (typeof tasks)[0]], dir).changes[0]?.summary ?? '',
      /owner .*mode 0644 → 0600/,
    )
    converge(shell, [authorizedKey({ user: 'ann', key: [a, b], state: 'absent' })], dir)
    assert.is(readFileSync(file, 'utf8'), '')
  })

  test(`${nameOf(words)}: a user's links lead nowhere, and a second name of a file is not read`, () => {
    const { dir, ssh, file, shell } = hostOf(words)
    const victim = join(dir, 'victim')
    const task = authorizedKey({ user: 'ann', key: a })
    const refused = () => pass(shell, [task], dir).failed?.output ?? ''
    mkdirSync(victim, { mode: 0o755 })
    writeFileSync(join(victim, 'authorized_keys'), 'root only\n', { mode: 0o600 })
    symlinkSync(victim, ssh)
    assert.match(refused(), `${ssh} is a link, which is not followed`)
    rmSync(ssh)
    mkdirSync(ssh)
    symlinkSync(join(victim, 'authorized_keys'), file)
    assert.match(refused(), `${file} is a link, which is not followed`)
    rmSync(file)
    linkSync(join(victim, 'authorized_keys'), file)
    assert.match(refused(), `${file} has a second name`)
    rmSync(file)
    execFileSync('mkfifo', [file])
    assert.match(refused(), `${file} is no file that may be read`)
    assert.is(readFileSync(join(victim, 'authorized_keys'), 'utf8'), 'root only\n')
    assert.is(statSync(victim).mode & 0o777, 0o755)
  })

  test(`${nameOf(words)}: a link that comes after the look is not followed either`, () => {
    const { dir, ssh, file, shell } = hostOf(words)
    const victim = join(dir, 'victim')
    mkdirSync(victim, { mode: 0o755 })
    const late = authorizedKey({ user: 'ann', key: a })
    const plan = late.kind.plan
    // Between the look and what is done.
    const kind = {
      ...late.kind,
      plan: (...given: Parameters<typeof plan>) => {
        const change = plan(...given)
        symlinkSync(victim, ssh)
        return change
      },
    }
    assert.match(pass(shell, [{ ...late, kind }], dir).failed?.output ?? '', 'not followed')
    assert.equal([existsSync(join(victim, 'authorized_keys')), statSync(victim).mode & 0o777], [false, 0o755])
    assert.ok(lstatSync(ssh).isSymbolicLink())
    assert.not.ok(existsSync(file))
  })
}

test.run()
