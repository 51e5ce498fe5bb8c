import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../engine/facts/fact.ts'
import { validate } from '../../roles/haproxy-proxy/container.ts'
import { containerFunction, hasItsImage, imageFirst, makeWay, podImage } from '../../roles/lib/cluster/index.ts'
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
const haproxyCheck = validate('haproxy:2.8', '/etc/haproxy').replace('chmod 0644 %s', '').replaceAll('%s', '"$new"')

const nothing = 'exit 0'
const docker = 'case $1 in ps) echo abc ;; esac'
const crictl = 'case $1 in pods) echo sandbox ;; ps) echo def ;; esac'
const silent = 'exit 1'
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
  ['no check where crictl says that none runs', check, { crictl: nothing }, []],
  [
    'haproxy: a check by crictl',
    haproxyCheck,
    { crictl },
    ['crictl exec def haproxy -c -f /usr/local/etc/haproxy/.new'],
  ],
  ['haproxy: no check where crictl says that none runs', haproxyCheck, { crictl: nothing }, []],
]
for (const [name, text, programs, asked] of cases) {
  for (const shell of ['dash', 'bash', 'busybox']) {
    test(`${name} (${shell})`, () => assert.equal(asks(text, programs, shell), asked))
  }
}

test('only pods of kube-system are looked at', () => {
  const text = containerFunction(pod.ref)
  assert.match(text, /crictl pods .*--namespace kube-system /)
  const [, filter = ''] = /name=(\S+?)'/.exec(text) ?? []
  assert.ok(new RegExp(filter).test('k8s_nginx-proxy_nginx-proxy-node-1_kube-system_0a1b_0'), filter)
  assert.not.ok(new RegExp(filter).test('k8s_nginx-proxy_nginx-proxy-7d9f_shop_0a1b_0'))
})
test('a configuration that nobody can check is not replaced', () => {
  const dir = mkdtempSync(join(tmpdir(), 'rota-check-'))
  try {
    const config = join(dir, 'haproxy.cfg')
    for (const text of [
      checkInContainer({ ...pod, config }),
      validate('haproxy:2.8', dir).replace('chmod 0644 %s', ''),
    ]) {
      const run = text.replaceAll('%s', '"$new"')
      rmSync(config, { force: true })
      assert.is(outcome(run, {}, 'dash').status, 0)
      writeFileSync(config, '')
      assert.is(outcome(run, { crictl: nothing }, 'dash').status, 0)
      for (const programs of [{}, { crictl: silent, docker: silent }])
        assert.match(outcome(run, programs, 'dash').stderr, /nobody can check what would replace/)
    }
  } finally {
    rmSync(dir, { recursive: true })
  }
})

// makeWay with what a pod needs: where something would be stopped, the image has to be there.
const way = makeWay(6443, [{ name: 'one', unit: 'one' }], imageFirst('haproxy:2.8', 'IfNotPresent'))
test('nothing is stopped for a pod whose image is not there', () => {
  const [request] = way.kind.facts(way.args, { diff: false })
  assert.ok(request)
  const planned = (stdout: string) =>
    way.kind.plan(way.args, factTable([request, { exitCode: 0, stdout, stderr: '' }]), { changed: false, diff: false })
  assert.is(planned(''), undefined)
  const text = planned('one')?.apply.text ?? ''
  const before = text.slice(0, text.indexOf('systemctl -q disable'))
  const images = (has: string) => `case $1 in inspecti) ${has} ;; esac`
  assert.match(outcome(before, { crictl: images(silent) }, 'dash').stderr, /haproxy:2.8 is not on this host/)
  assert.is(outcome(before, { crictl: images(nothing) }, 'dash').status, 0)
  assert.is(outcome(before, {}, 'dash').status, 0)
  assert.equal(imageFirst('haproxy:2.8', 'Never'), {})
})

test('the image of a first pod is refused where it can’t be had; a pod that runs goes on with its own', () => {
  const images = (pull: string) => ({ crictl: `case $1 in inspecti) ${silent} ;; pull) ${pull} ;; esac` })
  const run = (manifest: string) => (podImage('a:1', manifest, { keeps: false }).args as { readonly run: string }).run
  const first = outcome(run('/nowhere/proxy.yml'), images(silent), 'dash')
  assert.is(first.status, 1)
  assert.match(first.stderr, /the image a:1 is not on this host and could not be fetched/)
  assert.is(outcome(run('/'), images(silent), 'dash').status, 0)
  assert.is(outcome(run('/nowhere/proxy.yml'), images(nothing), 'dash').status, 0)
})

// Before a manifest takes the place of another: the kubelet ends the old pod before it looks for the new one's image.
const pulls = (has: string, pull: string) => ({
  crictl: `case $1 in inspecti) [ "$2" = a/nginx:1 ] && ${has} ;; pull) [ "$2" = a/nginx:1 ] && ${pull} ;; esac`,
  docker: `case "$1 $2" in "image inspect") [ "$3" = a/nginx:1 ] && ${has} ;; pull*) [ "$3" = a/nginx:1 ] && ${pull} ;; esac`,
  nerdctl: `case $3 in image) [ "$5" = a/nginx:1 ] && ${has} ;; pull) [ "$5" = a/nginx:1 ] && ${pull} ;; esac`,
})
for (const program of ['crictl', 'docker', 'nerdctl'] as const) {
  for (const line of ['    image: a/nginx:1', '  - image: "a/nginx:1"', "    image: 'a/nginx:1'"]) {
    const judged = (has: string, pull: string) => guarded(line, { [program]: pulls(has, pull)[program] })
    test(`a manifest is written where ${program} has its image, or fetches it: ${line.trim()}`, () => {
      assert.is(judged('exit 0', 'exit 1').status, 0)
      assert.is(judged('exit 1', 'exit 0').status, 0)
    })
    test(`a manifest is not written where ${program} has no such image: ${line.trim()}`, () => {
      const { status, stderr } = judged('exit 1', 'exit 1')
      assert.is(status, 1)
      assert.match(stderr, 'the image a/nginx:1 is not on this host and could not be fetched: the pod stays as it is')
    })
  }
}
test('where nobody can tell, a first manifest is written and one that is there is not replaced', () => {
  assert.is(guarded('    image: a/nginx:1', {}).status, 0)
  const { status, stderr } = guarded('    image: a/nginx:1', {}, '/')
  assert.is(status, 1)
  assert.match(stderr, 'nobody can tell whether the image a/nginx:1 is there')
})

function guarded(line: string, programs: Readonly<Record<string, string>>, old = '/nowhere/nginx-proxy.yml') {
  const dir = mkdtempSync(join(tmpdir(), 'rota-image-'))
  try {
    const path = join(dir, '.new')
    writeFileSync(path, `spec:\n  containers:\n${line}\n    imagePullPolicy: IfNotPresent\n`)
    return outcome(hasItsImage(old).replaceAll('%s', path), programs, 'dash')
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** What `docker run` and `exec` of either program were asked for. */
function asks(text: string, programs: Readonly<Record<string, string>>, shell: string): readonly string[] {
  const { status, stderr, log } = outcome(text, programs, shell)
  assert.is(status, 0, stderr)
  return log
}

function outcome(text: string, programs: Readonly<Record<string, string>>, shell: string) {
  const dir = mkdtempSync(join(tmpdir(), 'rota-container-'))
  try {
    writeFileSync(join(dir, 'log'), '')
    for (const [name, body] of Object.entries(programs)) {
      const file = join(dir, name)
      writeFileSync(file, `#!/bin/sh\ncase $1 in exec|run) echo ${name} "$@" >>${dir}/log ;; esac\n${body}\n`)
      chmodSync(file, 0o755)
    }
    // A host without the other program, whatever this machine has in the folder that is looked in as well.
    for (const tool of ['sh', 'head', 'sleep', 'basename', 'cat', 'sed', 'tr', 'grep'])
      symlinkSync(which(tool), join(dir, tool))
    const command = shell === 'busybox' ? ['busybox', 'sh'] : [shell]
    const [program = '', ...args] = [...command, '-c', `new=/etc/nginx/.new\n${text.replaceAll(':/usr/local/bin', '')}`]
    const { status, stderr } = spawnSync(which(program), args, { env: { PATH: dir }, encoding: 'utf8' })
    return { status, stderr, log: readFileSync(join(dir, 'log'), 'utf8').split('\n').filter(Boolean) }
  } finally {
    rmSync(dir, { recursive: true })
  }
}

const which = (program: string): string =>
  spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim()

test.run()
