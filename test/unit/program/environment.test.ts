import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defineFact } from '../../../engine/facts/fact.ts'
import { raw } from '../../../engine/shell/shell.ts'
import { scratch, shells, withChannel } from './shells.ts'

// What a profile, PAM or sshd may leave in the environment of a login, and what must come of it: nothing.
const base = scratch()
let count = 0
/** A new directory in it. */
const fresh = (): string => {
  count += 1
  const path = join(base, `${count}`)
  mkdirSync(path)
  return path
}
const here = new Map(shells(base))
if (existsSync('/bin/bash')) {
  symlinkSync('/bin/bash', join(base, 'sh'))
  here.set('bash as sh', [join(base, 'sh')])
}

/** The shell with these variables in its environment. */
const within = (shell: readonly string[], variables: readonly string[]): readonly string[] => [
  '/usr/bin/env',
  ...variables,
  ...shell,
]

const script = join(base, 'bash-env')
writeFileSync(
  script,
  'echo noise of BASH_ENV\nset -eufC\nreadonly TMOUT=1\nexport TMOUT\nalias echo=false\nprintf() { :; }\ntrap "" TERM\n',
)

// Where `cd local` would lead: nothing of the machine's own, for a test whose guard is gone must do no harm.
const decoy = join(base, 'decoy')
mkdirSync(join(decoy, 'local'), { recursive: true })

const left = [
  'TMOUT=1',
  `CDPATH=${decoy}:/`,
  'IFS=a',
  'GREP_OPTIONS=--invert-match',
  'TAR_OPTIONS=--no-such-option',
  'GZIP=--no-such-option',
  'QUOTING_STYLE=c',
  'COLUMNS=20',
  'LC_ALL=C.UTF-8',
  `ENV=${script}`,
  `BASH_ENV=${script}`,
  'SHELLOPTS=errexit:nounset:noglob:noclobber',
  'BASHOPTS=failglob',
  'BASH_FUNC_cat%%=() { echo a function of the login; }',
  'BASH_FUNC_dd%%=() { echo a function of the login; }',
]

/** Steps and changes run with options of their own (-eu); a fact is read as the channel's shell is. */
const plain = defineFact<Record<never, never>, string>({
  name: 'plain',
  probe: () =>
    'printf "on: -%s\\n" "$(echo "$-" | sed "s/[^aefunvxC]//g")"; false; echo "false did not end it, nor did $no_such"',
  parse: output => [output],
})

for (const [name, shell] of here) {
  const options = (): { stateDir: string } => ({ stateDir: join(fresh(), 'state') })

  test(`${name}: a host that waits longer than TMOUT is still there`, async () => {
    await withChannel(within(shell, ['TMOUT=1', `BASH_ENV=${script}`]), options(), async channel => {
      await sleep(1300)
      assert.is((await channel.run({ script: raw('echo "still here ${TMOUT-}"') })).stdout, 'still here \n')
    })
  })

  test(`${name}: nothing of a profile changes what a command does`, async () => {
    const place = fresh()
    const enter = `cd '${place}' || exit; set +eu; `
    const said = (variables: readonly string[]): Promise<readonly string[]> =>
      withChannel(within(shell, variables), options(), channel =>
        Promise.all(
          commands.map(async command => {
            const { stdout, exitCode } = await channel.run({ script: raw(enter + command) })
            return `${command}: ${exitCode}\n${stdout}`
          }),
        ),
      )
    const commands = [
      'echo "$-" | sed s/[^aefunvxC]//g; set -- aba; printf "%s|" $1 a-b; echo *no-such*',
      'mkdir -p local/bin; cd local && ls; cd ..',
      'printf "one\\ntwo\\n" | grep one; tar cf - /dev/null 2>/dev/null | wc -c; echo x | gzip -c | gzip -dc',
      'false; echo "$no_such_variable"; : >once; : >once; rm once; umask',
      'sh -c "echo child \\$-"; bash -c "echo child \\$-; cat /dev/null; echo \\${POSIXLY_CORRECT-unset}" 2>/dev/null',
      'cat /dev/null; env | grep -a -c "TMOUT\\|CDPATH\\|FUNC\\|SHELLOPTS\\|BASHOPTS\\|BASH_ENV\\|ENV=\\|COLUMNS"; locale 2>/dev/null',
    ]
    const expected = await said([])
    assert.equal(await said(left), expected)
    // In POSIX mode bash reads no BASH_ENV.
    assert.equal(await said([...left, 'POSIXLY_CORRECT=1']), expected)
  })

  test(`${name}: options of the shell that is named, or of its environment, do not reach what it runs`, async () => {
    for (const words of [[...shell, '-aefuC'], within(shell, left)])
      await withChannel(words, options(), async channel =>
        assert.is((await channel.probe([plain({})])).get(plain({})), 'on: -\nfalse did not end it, nor did '),
      )
  })

  test(`${name}: a PATH that is empty`, async () => {
    if (name === 'busybox') return
    await withChannel(within(shell, ['PATH=']), options(), async channel => {
      assert.is((await channel.run({ script: raw('id -u; command -v ls') })).exitCode, 0)
    })
  })
}

test('a control: the same variables do harm to a shell that is not told', () => {
  // No pipe of Node's for its input: that is a socket, and a bash with a socket there reads another file.
  const harmed = (command: string): string =>
    execFileSync('/usr/bin/env', [...left, 'bash', '-c', command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  assert.is(harmed('cat /dev/null; :'), 'noise of BASH_ENV\na function of the login\n')
  assert.throws(() => harmed('echo "$no_such_variable"'))
})

test.run()
