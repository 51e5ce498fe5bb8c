import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal } from 'uvu/assert'
import { ensureCommands, unpackPackage } from '../../scripts/lab/apt.mjs'
import { runPlaybook, totals } from './lab.ts'

// A container of podman's, with an image and a storage of its own: busybox and nothing else, which is less than the
// lab's hosts have.
await ensureCommands({ podman: 'podman', runc: 'runc' })
const dir = mkdtempSync(join(tmpdir(), 'rota-podman-'))
const write = (name: string, text: string) => writeFileSync(join(dir, name), text)
// vfs and no limits: what a machine without CAP_SYS_RESOURCE and without overlay can do, too.
write('storage.conf', `[storage]\ndriver = "vfs"\ngraphroot = "${dir}/storage"\nrunroot = "${dir}/run"\n`)
write(
  'containers.conf',
  `[containers]
default_ulimits = []
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "runc"
tmp_dir = "${dir}/tmp"
`,
)
const env = { CONTAINERS_CONF: join(dir, 'containers.conf'), CONTAINERS_STORAGE_CONF: join(dir, 'storage.conf') }
const podman = (...args: readonly string[]) => execa('podman', [...args], { env })
const container = `rota-podman-${process.pid}`

async function start(): Promise<void> {
  const root = join(dir, 'rootfs')
  for (const name of ['bin', 'tmp', 'etc', 'var', 'root', 'proc', 'dev', 'sys', 'opt'])
    mkdirSync(join(root, name), { recursive: true })
  // The machine's own busybox may need libraries.
  await unpackPackage('busybox-static', './bin/busybox', root)
  chmodSync(join(root, 'bin/busybox'), 0o755)
  await execa('chroot', [root, '/bin/busybox', '--install', '-s', '/bin'])
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n')
  await execa('tar', ['-C', root, '-cf', join(dir, 'rootfs.tar'), '.'])
  await podman('import', join(dir, 'rootfs.tar'), 'rota-test')
  const apart = ['--network', 'none', '--security-opt', 'seccomp=unconfined']
  await podman('run', '-d', '--name', container, ...apart, 'localhost/rota-test', '/bin/sleep', '3600')
}

test.before(start)
test.after(async () => {
  await execa('podman', ['rm', '--force', '--time', '0', container], { env, reject: false })
  rmSync(dir, { recursive: true, force: true })
})

test('a role of several tasks with a handler converges and stays so in a container of podman', async () => {
  write('hosts.ini', `[kube_control_plane]\nc1 ansible_connection=containers.podman.podman ansible_host=${container}\n`)
  const run = () =>
    runPlaybook('test/lab/playbooks/files.mjs', ['-e', '{"files_count": 3}'], {
      inventory: join(dir, 'hosts.ini'),
      env,
    })
  const first = await run()
  equal([first.exitCode, totals(first).get('c1')?.changed], [0, 5], first.stderr)
  const second = totals(await run()).get('c1')
  equal([second?.outcome, second?.changed, second?.roundTrips], ['ok', 0, 1])
  const look = 'stat -c %U:%a /opt/rota-test/file-2; cat /opt/rota-test/file-2; wc -l </opt/rota-test-handler'
  equal((await podman('exec', container, 'sh', '-c', look)).stdout, 'root:644\nhello 2\n1')
})

test.run()
