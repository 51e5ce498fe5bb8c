#!/usr/bin/env zx
// @ts-check
// Everything that reads the code without running it: format and lint, types, the shell that is sent to hosts, how wide
// comments are (the formatter sees to all else), and the package as it would be packed.
import { $, chalk, glob, tmpdir } from 'zx'
import { ensureCommands } from './lab/apt.mjs'

$.verbose = false
await ensureCommands({ shellcheck: 'shellcheck' })
const shellFiles = await glob(['engine/**/*.sh', 'scripts/**/*.sh', 'test/**/*.sh', '.ci/run'], { dot: true })
const checks = [
  { name: 'format and lint', run: () => $`npx biome check` },
  { name: 'types', run: () => $`npx tsc -p .` },
  // It runs in a browser.
  { name: 'types of the report page', run: () => $`npx tsc -p engine/report/html` },
  { name: 'package', run: checkPackage },
  { name: 'shell', run: () => $`shellcheck ${shellFiles}` },
  {
    name: 'comments of at most 120 columns',
    run: () =>
      $`! LC_ALL=C.UTF-8 git grep -nE -e ${'^.{121}'} --and -e ${'^ *(//|/?[*]|# )'} -- ${['*.ts', '*.mjs', '*.sh']}`,
  },
]
const results = await Promise.all(checks.map(async check => ({ check, output: await check.run().nothrow() })))
for (const { check, output } of results) {
  console.log(`${output.exitCode === 0 ? chalk.green('ok  ') : chalk.red('FAIL')} ${check.name}`)
  if (output.exitCode !== 0) console.log(`${output.stdout}${output.stderr}`)
}
if (results.some(({ output }) => output.exitCode !== 0)) process.exitCode = 1

/** What `npm pack` packs, as Node and TypeScript will read it where it is installed. */
function checkPackage() {
  const folder = tmpdir()
  return $`trap 'rm -rf ${folder}' EXIT
    tarball=${folder}/$(npm pack --silent --pack-destination ${folder})
    npx publint run --strict "$tarball" && npx attw --profile esm-only "$tarball"`
}
