import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { equal, is, not } from 'uvu/assert'
import { imagesAreThere } from '../../roles/kube-binaries/images.ts'
import { alreadyThere, ownProgramsFact, program } from '../../roles/kube-binaries/own-programs.ts'
import { kubeBinaries } from '../../roles/kube-binaries/role.ts'
import { host, inventory } from './support/inventory.ts'
import { titlesOf } from './support/role.ts'

const shell = (text: string): string => execFileSync('sh', ['-c', text], { encoding: 'utf8' })
const holds = (text: string): boolean => {
  try {
    shell(text)
    return true
  } catch {
    return false
  }
}

function withBin(work: (bin: string, beside: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), 'rota-bin-'))
  try {
    execFileSync('mkdir', [join(dir, 'bin'), join(dir, 'v2')])
    work(join(dir, 'bin'), join(dir, 'v2'))
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** Says what the real one does when it is asked for its version. */
function fake(path: string, name: string, version: string): void {
  const said = {
    kubelet: `Kubernetes ${version}`,
    kubeadm: version,
    kubectl: `clientVersion:\n  gitVersion: ${version}`,
  }
  writeFileSync(path, `#!/bin/sh\ncat <<'END'\n${said[name as keyof typeof said]}\nEND\n`)
  chmodSync(path, 0o755)
}

const argsOf = (task: ReturnType<typeof program>) => task.args as { readonly unless: string; readonly run: string }

test('programs that are files in bin_dir and say the wanted version are there; links and other versions are not', () => {
  withBin((bin, beside) => {
    fake(join(bin, 'kubeadm'), 'kubeadm', 'v1.33.4')
    fake(join(bin, 'kubectl'), 'kubectl', 'v1.33.4')
    fake(join(beside, 'kubelet'), 'kubelet', 'v1.33.4')
    symlinkSync(join(beside, 'kubelet'), join(bin, 'kubelet'))
    const { run } = ownProgramsFact({ binDir: bin }, ['kubeadm', 'kubelet', 'kubectl']).args as { run: string }
    const stdout = shell(run)
    equal([...alreadyThere({ stdout }, '1.33.4')], ['kubeadm', 'kubectl'])
    equal([...alreadyThere({ stdout }, 'v1.33.5')], [])
    equal([...alreadyThere(undefined, 'v1.33.4')], [])
  })
})

for (const name of ['kubeadm', 'kubelet', 'kubectl'])
  test(`${name}: a file of the version stays, one of another is replaced by a file, a link by a link`, () => {
    withBin((bin, beside) => {
      const [path, target] = [join(bin, name), join(beside, name)]
      fake(target, name, 'v1.33.5')
      const { unless, run } = argsOf(program({ binDir: bin, kubeVersion: '1.33.5' }, name, target))
      is(holds(unless), false, 'absent')
      shell(run)
      is(shell(`readlink ${path}`).trim(), target)
      is(holds(unless), true, 'the link')
      rmSync(path)
      fake(path, name, 'v1.33.4')
      is(holds(unless), false, 'a file of another version')
      shell(run)
      is(readFileSync(path, 'utf8'), readFileSync(target, 'utf8'))
      not(holds(`[ -L ${path} ]`), 'it is still a file')
      writeFileSync(path, `${readFileSync(target, 'utf8')}# built elsewhere\n`)
      is(holds(unless), true, 'a file of the version that is not ours')
    })
  })

// What is brought to whom, by the method and what the host says of itself.
const small = inventory([
  host('m1', '10.0.0.1', ['kube_control_plane', 'kube_node']),
  host('n1', '10.0.1.1', ['kube_node']),
  host('n2', '10.0.1.2', ['kube_node'], { kube_nodes_join: 'false' }),
  host('x1', '10.0.2.1', []),
])
for (const [name, on, params, state, own, expected] of [
  ['a master', 'm1', {}, 'node', '', ['kubeadm', 'kubelet', 'kubectl']],
  ['a node', 'n1', {}, 'node', '', ['kubeadm', 'kubelet']],
  ['a node that has one already', 'n1', {}, 'node', 'kubeadm v1.33.4', ['kubelet']],
  ['a node that is what it shall be', 'n1', {}, 'node', 'kubeadm v1.33.4\nkubelet v1.33.4', []],
  ['a host that joins', 'n1', {}, 'none', '', ['kubeadm', 'kubelet']],
  ['a host that shall not join', 'n2', {}, 'none', '', []],
  ['a node of masters that are units', 'n1', { method: 'binaries' }, 'node', '', []],
  ['a host of no group', 'x1', {}, 'none', '', ['kubeadm', 'kubelet', 'kubectl']],
  ['one for which it is said', 'n1', { names: ['kubectl'] }, 'none', '', ['kubectl']],
] as readonly (readonly [string, string, Parameters<typeof kubeBinaries>[0], string, string, readonly string[]])[])
  test(`what is brought to ${name}`, () => {
    const call = kubeBinaries({ kubeVersion: '1.33.4', source: '/nowhere', ...params })
    const kubelet = { type: state === 'node' ? 'file' : 'absent' }
    const peers = new Map([[on, { own: { stdout: own }, machine: { stdout: '' }, kubelet }]])
    const titles = titlesOf(call, small.host(on), small, { peers })
    const brought = titles.flatMap(title => /v1\.33\.4\/bin\/(\w+)$/.exec(title)?.[1] ?? [])
    equal(brought, [...expected])
  })

test('a program is on the disk before it gets its name: a loss of power leaves the old one or the new one', () => {
  withBin((bin, beside) => {
    fake(join(bin, 'kubelet'), 'kubelet', 'v1.33.3')
    fake(join(beside, 'kubelet'), 'kubelet', 'v1.33.4')
    const tools = join(beside, 'tools')
    execFileSync('mkdir', [tools])
    for (const tool of ['dd', 'mv'])
      writeFileSync(join(tools, tool), `#!/bin/sh\necho ${tool} "$@" >>'${tools}/log'\nexec /bin/${tool} "$@"\n`, {
        mode: 0o755,
      })
    const { run } = argsOf(program({ binDir: bin, kubeVersion: 'v1.33.4' }, 'kubelet', join(beside, 'kubelet')))
    shell(`PATH='${tools}':$PATH\n${run}`)
    const [copy = '', rename = ''] = readFileSync(join(tools, 'log'), 'utf8').split('\n')
    is(/^dd bs=4M oflag=dsync .* of=\S+\/kubelet\.rota-new$/.test(copy), true, copy)
    is(rename, `mv -fT ${bin}/kubelet.rota-new ${bin}/kubelet`)
  })
})

test('images of the version come to a master while it serves, from where those in use come', () => {
  withBin((bin, dir) => {
    for (const name of ['kube-apiserver', 'kube-scheduler'])
      writeFileSync(
        join(dir, `${name}.yaml`),
        `spec:\n  containers:\n  - name: x\n    image: "reg.local/k8s/${name}:v1.33.3"\n`,
      )
    // A runtime that has what is in `here`, and gets what its registry has.
    writeFileSync(
      join(bin, 'crictl'),
      `#!/bin/sh
case $1 in
info) exit 0 ;;
inspecti) grep -qxF "$2" '${bin}/here' ;;
pull) grep -qxF "$2" '${bin}/registry' && echo "$2" >>'${bin}/here' ;;
esac\n`,
      { mode: 0o755 },
    )
    const { unless, run } = imagesAreThere({ manifestDir: dir, kubeVersion: '1.33.4+build' }).args as {
      readonly unless: string
      readonly run: string
    }
    const there = () => readFileSync(join(bin, 'here'), 'utf8').split('\n').filter(Boolean)
    const path = `PATH='${bin}':$PATH\n`
    const wanted = ['reg.local/k8s/kube-apiserver:v1.33.4_build', 'reg.local/k8s/kube-scheduler:v1.33.4_build']
    writeFileSync(join(bin, 'here'), '')
    writeFileSync(join(bin, 'registry'), `${wanted[0]}\n`)
    is(holds(`${path}${unless}`), false)
    is(
      shell(`${path}${run}`),
      `not on this host, and not to be fetched: ${wanted[1]}\nkubeadm will ask for them\n`,
      'what can not be had stops nothing',
    )
    equal(there(), [wanted[0]])
    writeFileSync(join(bin, 'registry'), wanted.join('\n'))
    is(shell(`${path}${run}`), '')
    equal(there(), wanted)
    is(holds(`${path}${unless}`), true)
  })
})

test.run()
