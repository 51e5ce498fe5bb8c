import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configured, type Settings } from '../../../roles/container-engine/config.ts'
import { hostsToml, meansTheSame } from '../../../roles/container-engine/hosts.toml.ts'
import { has } from '../support/checker.ts'

const cri = 'plugins."io.containerd.grpc.v1.cri"'
const theirs = `version = 2
root = "/var/lib/containerd"

[plugins]
  [${cri}]
    sandbox_image = "registry.k8s.io/pause:3.9" # of kubespray
    [${cri}.containerd]
      default_runtime_name = "runc"
      [${cri}.containerd.runtimes]
        [${cri}.containerd.runtimes.runc]
          runtime_type = "io.containerd.runc.v2"
          [${cri}.containerd.runtimes.runc.options]
            systemdCgroup = true
    [${cri}.registry]
      config_path = "/etc/containerd/certs.d"
`
// What containerd 1.6 and 1.7 print of it, and 2.x: in short.
const dump = (sandbox: string, cgroup: boolean, path = '/etc/containerd/certs.d') => `version = 2

[plugins]

  [${cri}]
    sandbox_image = "${sandbox}"

        [${cri}.containerd.runtimes.runc]
          [${cri}.containerd.runtimes.runc.options]
            systemdCgroup = ${cgroup}

    [${cri}.registry]
      config_path = "${path}"
`
const dumpOf2 = (sandbox: string, cgroup: boolean) => `version = 3

[plugins]
  [plugins.'io.containerd.cri.v1.images']
    [plugins.'io.containerd.cri.v1.images'.pinned_images]
      sandbox = '${sandbox}'

  [plugins.'io.containerd.cri.v1.runtime']
          [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
            SystemdCgroup = ${cgroup}
`
const image = 'registry.k8s.io/pause:3.9'

type Row = readonly [
  name: string,
  current: string,
  dump: string,
  settings: Settings,
  expected: (text: string) => string,
]
const same = (text: string) => text
const rows: readonly Row[] = [
  ['nothing', theirs, dump(image, true), {}, same],
  [
    'it means that already',
    theirs,
    dump(image, true),
    {
      systemdCgroup: true,
      sandboxRepo: 'registry.k8s.io/pause',
      sandboxTag: '3.9',
      registries: '/etc/containerd/certs.d',
    },
    same,
  ],
  [
    'a value in its place',
    theirs,
    dump(image, true),
    { systemdCgroup: false },
    text => text.replace('systemdCgroup = true', 'systemdCgroup = false'),
  ],
  ['a tag', theirs, dump(image, true), { sandboxTag: '3.10' }, text => text.replace('pause:3.9"', 'pause:3.10"')],
  [
    'a registry with a port',
    theirs,
    dump(image, true),
    { sandboxRepo: 'mirror:5000/pause' },
    text => text.replace(image, 'mirror:5000/pause:3.9'),
  ],
  [
    'a line below its header',
    theirs.replace(/ +config_path.*\n/, ''),
    dump(image, true, ''),
    { registries: '/etc/containerd/certs.d' },
    () => theirs.replace('      config_path', '  config_path'),
  ],
  [
    'a header at the end',
    'version = 2\n',
    dump(image, false),
    { systemdCgroup: true },
    text => `${text}\n[${cri}.containerd.runtimes.runc.options]\n  SystemdCgroup = true\n`,
  ],
  ['no file, and it is so by default', '', dump(image, true), { systemdCgroup: true }, () => 'version = 2\n'],
  [
    'no file',
    '',
    dump(image, false),
    { systemdCgroup: true },
    () => `version = 2\n\n[${cri}.containerd.runtimes.runc.options]\n  SystemdCgroup = true\n`,
  ],
  [
    'of 2.x, which reads a file of version 2',
    theirs,
    dumpOf2(image, true),
    { systemdCgroup: true, sandboxTag: '3.9' },
    same,
  ],
  [
    'of 2.x, changed where the file has it',
    theirs,
    dumpOf2(image, true),
    { sandboxTag: '3.10' },
    text => text.replace('pause:3.9"', 'pause:3.10"'),
  ],
  [
    'a file of version 3',
    "version = 3\n[plugins.'io.containerd.cri.v1.images'.pinned_images]\n  sandbox = 'a/pause:1'\n",
    dumpOf2('a/pause:1', true),
    { sandboxRepo: 'b/pause' },
    text => text.replace("'a/pause:1'", '"b/pause:1"'),
  ],
]
for (const [name, current, printed, settings, expected] of rows)
  test(`config.toml: ${name}`, () => {
    const text = configured(current, printed, settings)
    assert.is(text, expected(current))
  })

test('what containerd itself makes of what was changed', () => {
  if (!has('containerd')) return
  const dir = mkdtempSync(join(tmpdir(), 'rota-config-'))
  try {
    const file = join(dir, 'config.toml')
    const dumped = (text: string): string => {
      writeFileSync(file, text)
      return execFileSync('containerd', ['--config', file, 'config', 'dump'], { encoding: 'utf8' })
    }
    const settings = { systemdCgroup: false, sandboxTag: '3.10', registries: '/etc/other' }
    for (const current of [theirs, 'version = 2\n']) {
      const text = configured(current, dumped(current), settings)
      assert.is.not(text, current)
      assert.match(dumped(text), 'pause:3.10"')
      assert.match(dumped(text), 'config_path = "/etc/other"')
      assert.is(configured(text, dumped(text), settings), text)
    }
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('hosts.toml, as kubespray writes it', () => {
  const wanted = hostsToml({
    prefix: 'docker.io',
    mirrors: [
      {
        host: 'https://mirror:5000',
        capabilities: ['pull', 'resolve'],
        skip_verify: true,
        header: { Authorization: 'Basic x' },
      },
    ],
  })
  const written = `server = "https://docker.io"
[host."https://mirror:5000"]
  capabilities = ["pull","resolve"]
  skip_verify = true
  override_path = false
  [host."https://mirror:5000".header]
    Authorization = ["Basic x"]
`
  assert.is(meansTheSame(wanted, written), true)
  assert.is(meansTheSame(wanted, written.replace('true', 'false')), false)
})

test.run()
