#!/usr/bin/env zx
// @ts-check
// Tests: `npx zx scripts/test.mjs [SUITE…] [--only PATTERN] [--whole]`, the suites being unit, roles, compat, package,
// hostile, lab and cluster. Fast ones first. Installs and starts what a suite needs, says so, and ends with one line
// that counts. With --whole those too that are left out for the minutes they take: files called *.whole.test.ts, and
// single tests of others.
import { argv, chalk, fs, glob } from 'zx'
import { ensureCommands } from './lab/apt.mjs'
import { ensureParts, labDown } from './lab/index.mjs'
import { ensureCollections } from './test/collections.mjs'
import { runSuite, total } from './test/suite.mjs'

/**
 * @typedef {{
 *   name: string, dir: string, minutes: number, needs: () => Promise<void>,
 *   workers: readonly Record<string, string>[],
 *   after?: () => Promise<unknown>
 * }} Suite
 */

/** Two files at a time: there are two cores, and hosts are often waited for. Each has a lab of its own. */
const labs = ['lab-test-1', 'lab-test-2']
const two = labs.map(lab => ({ ROTA_TEST_LAB: lab }))
/** What counts the requests that fail must have the machine for itself. */
const one = [{ ROTA_TEST_LAB: 'lab-test-1' }]
const takeDown = () => Promise.all(labs.map(name => labDown({ name })))

/** @type {readonly Suite[]} */
const suites = [
  {
    name: 'unit',
    dir: 'test/unit',
    minutes: 10,
    workers: two,
    needs: () =>
      ensureCommands({
        busybox: 'busybox',
        openssl: 'openssl',
        strace: 'strace',
        zsh: 'zsh',
        tcsh: 'tcsh',
        fish: 'fish',
        ssh: 'openssh-client',
        shellcheck: 'shellcheck',
        curl: 'curl',
        ip: 'iproute2',
        ps: 'procps',
        xmllint: 'libxml2-utils',
      }),
  },
  {
    name: 'roles',
    dir: 'test/roles',
    minutes: 10,
    workers: two,
    needs: () =>
      ensureCommands({
        nginx: 'nginx',
        '/usr/lib/nginx/modules/ngx_stream_module.so': 'libnginx-mod-stream',
        haproxy: 'haproxy',
        keepalived: 'keepalived',
        openssl: 'openssl',
        busybox: 'busybox',
      }),
  },
  {
    name: 'compat',
    dir: 'test/compat',
    minutes: 10,
    workers: two,
    needs: async () => {
      await ensureCommands({
        'ansible-inventory': 'ansible-core',
        '/usr/lib/python3/dist-packages/netaddr/__init__.py': 'python3-netaddr',
      })
      await ensureCollections()
    },
  },
  {
    name: 'package',
    dir: 'test/package',
    minutes: 10,
    workers: two,
    needs: () => ensureCommands({ ssh: 'openssh-client', '/usr/sbin/sshd': 'openssh-server', chromium: 'chromium' }),
  },
  {
    name: 'hostile',
    dir: 'test/hostile',
    minutes: 10,
    workers: two,
    needs: async () => {
      await ensureCommands({ setpriv: 'util-linux', openssl: 'openssl', ssh: 'openssh-client', strace: 'strace' })
      await ensureParts()
    },
    after: takeDown,
  },
  { name: 'lab', dir: 'test/lab', minutes: 15, workers: two, needs: ensureParts, after: takeDown },
  { name: 'cluster', dir: 'test/cluster', minutes: 30, workers: one, needs: ensureParts, after: takeDown },
]

if (argv.whole) process.env.ROTA_WHOLE = '1'
// To zx a word behind a flag is its value.
const wanted = [argv._, argv.whole ?? []]
  .flat()
  .filter(word => word !== true)
  .map(String)
const unknown = wanted.filter(name => !suites.some(suite => suite.name === name))
if (unknown.length > 0) {
  console.error(`there is no suite ${unknown.join(', ')}; the suites are ${suites.map(suite => suite.name).join(', ')}`)
  process.exit(1)
}
const only = argv.only === undefined ? undefined : new RegExp(String(argv.only))
const results = []
for (const suite of suites) {
  if (wanted.length > 0 && !wanted.includes(suite.name)) continue
  if (!fs.existsSync(suite.dir)) continue
  const files = (await glob(`${suite.dir}/**/*.test.ts`))
    .sort()
    .filter(file => (argv.whole || !file.endsWith('.whole.test.ts')) && (!only || only.test(file)))
  if (files.length === 0) continue
  console.log(chalk.bold(`\n${suite.name}: ${files.length} files`))
  await suite.needs()
  results.push(...(await runSuite(files, suite.workers, Number(process.env.ROTA_TEST_MINUTES ?? suite.minutes))))
  await suite.after?.()
}
const { passed, failed, skipped } = total(results)
for (const { file, problem, reasons = [] } of results)
  if (problem) console.log([`${chalk.red('failed')} ${file}: ${problem}`, ...reasons].join('\n'))
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
if (failed > 0 || passed === 0) process.exitCode = 1
