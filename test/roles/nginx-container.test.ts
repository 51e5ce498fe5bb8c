import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkInContainer, reloadContainer } from '../../roles/nginx-proxy/in-container.ts'

// The shell text runs for real; docker and crictl are programs that note what they are asked.
const pod = {
  name: 'nginx-proxy',
  ref: { pod: 'nginx-proxy', container: 'nginx-proxy' },
  image: 'nginx:1.30.1-alpine',
  config: '/etc/nginx/nginx.conf',
}
const reload = (reloadContainer(pod).args as { readonly run: string }).run
const check = checkInContainer(pod).replaceAll('%s', '"$new"')

const nothing = 'exit 0'
const docker = 'case $1 in ps) echo abc ;; esac'
const crictl = 'case $1 in pods) echo sandbox ;; ps) echo def ;; esac'
const cases: readonly (readonly [string, string, Readonly<Record<string, string>>, readonly string[]])[] = [
  ['a reload by docker', reload, { docker }, ['docker exec abc nginx -s reload']],
  ['a reload by crictl', reload, { crictl }, ['crictl exec def nginx -s reload']],
  ['a reload by the one that has it', reload, { docker: nothing, crictl }, ['crictl exec def nginx -s reload']],
  ['no reload where none runs', reload, { docker: nothing, crictl: nothing }, []],
  ['a check by docker', check, { docker }, ['docker exec abc nginx -t -q -c /etc/nginx/.new']],
  ['a check by crictl', check, { crictl }, ['crictl exec def nginx -t -q -c /etc/nginx/.new']],
  [
    'a check by the image where none runs',
    check,
    { docker: nothing },
    [
      'docker run --rm --net=host --entrypoint nginx -v /etc/nginx:/etc/nginx:ro nginx:1.30.1-alpine -t -q -c /etc/nginx/.new',
    ],
  ],
  ['no check where there is neither a container nor a Docker', check, { crictl: nothing }, []],
]
for (const [name, text, programs, asked] of cases) {
  for (const shell of ['dash', 'bash', 'busybox']) {
    test(`${name} (${shell})`, () => assert.equal(asks(text, programs, shell), asked))
  }
}

/** What `docker run` and `exec` of either program were asked for. */
function asks(text: string, programs: Readonly<Record<string, string>>, shell: string): readonly string[] {
  const dir = mkdtempSync(join(tmpdir(), 'rota-container-'))
  try {
    writeFileSync(join(dir, 'log'), '')
    for (const [name, body] of Object.entries(programs)) {
      const file = join(dir, name)
      writeFileSync(file, `#!/bin/sh\ncase $1 in exec|run) echo ${name} "$@" >>${dir}/log ;; esac\n${body}\n`)
      chmodSync(file, 0o755)
    }
    // A host without the other program.
    for (const tool of ['sh', 'head', 'sleep', 'basename', 'cat']) symlinkSync(which(tool), join(dir, tool))
    const command = shell === 'busybox' ? ['busybox', 'sh'] : [shell]
    const [program = '', ...args] = [...command, '-c', `new=/etc/nginx/.new\n${text}`]
    const { status, stderr } = spawnSync(which(program), args, { env: { PATH: dir }, encoding: 'utf8' })
    assert.is(status, 0, stderr)
    return readFileSync(join(dir, 'log'), 'utf8').split('\n').filter(Boolean)
  } finally {
    rmSync(dir, { recursive: true })
  }
}

const which = (program: string): string =>
  spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim()

test.run()
