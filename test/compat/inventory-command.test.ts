import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { askCommands, python } from './oracle.ts'
import { runRota } from './rota.ts'

// The command lines that people give to ansible-inventory, word for word, over the whole corpus.
const corpus = fileURLToPath(new URL('corpus', import.meta.url))
const cases = readdirSync(corpus).flatMap(name => {
  const cwd = join(corpus, name)
  const { sources, playbookDir, extraVars = [], vault, host } = JSON.parse(readFileSync(join(cwd, 'case.json'), 'utf8'))
  const common = [
    ...sources.flatMap((source: string) => ['-i', source]),
    ...(playbookDir === undefined ? [] : ['--playbook-dir', playbookDir]),
    ...extraVars.flatMap((extra: string) => ['-e', extra]),
    ...(vault === undefined ? [] : ['--vault-password-file', vault]),
  ]
  const actions = [
    ['--list'],
    ['--list', '--export'],
    ['--graph', '--vars'],
    ['--graph', 'ungrouped'],
    ['--list', '--yaml'],
    ['--list', '--yaml', '--export'],
    ...(host === undefined
      ? []
      : [
          ['--host', host],
          ['--host', host, '--export'],
        ]),
    ['--host', 'nobody'],
    ['--graph', 'nobody'],
  ]
  return actions.map(action => ({ title: `${name}: ${action.join(' ')}`, cwd, action, args: [...common, ...action] }))
})

/**
 * Python's tuples are lists here, and the order of a host's variables, which shows where Python can't sort, is another.
 */
const differ = new Set([
  'ini-host-lines: --graph --vars',
  'ini-types: --graph --vars',
  'kubespray-yaml: --list --export',
  'kubespray-yaml: --list --yaml --export',
  'odd-values: --list --yaml',
  'odd-values: --list --yaml --export',
])
/** What Ansible can't sort it refuses to show in a tree. */
const crashed = /not supported between instances/

if (python === undefined) {
  test.skip('rota inventory prints what ansible-inventory prints (ansible-core is not installed)')
} else {
  const answers = askCommands(cases)
  for (const [index, { title, cwd, action, args }] of cases.entries()) {
    test(title, async () => {
      const theirs = answers[index]
      // Rota hides what vaulted files hold unless asked.
      const mine = await runRota(['inventory', ...args, '--reveal'], cwd)
      if (theirs?.error && crashed.test(theirs.error)) return
      assert.is(mine.exitCode, theirs?.out === undefined ? 1 : 0, mine.error)
      if (theirs?.out === undefined || differ.has(title)) return
      // Unsafe text stays marked, so that it is read back as it is; Ansible drops the mark.
      assert.is(action.includes('--yaml') ? mine.out.replaceAll(' !unsafe', '') : mine.out, theirs.out)
    })
  }
}

test.run()
