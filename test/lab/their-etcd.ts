import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { startEngine } from '../../scripts/lab/runtime.mjs'
import type { LabInfo } from '../../scripts/lab/types.ts'
import { theirContainerUnit, theirEnv, theirScript, theirUnit } from '../roles/support/their-etcd.ts'
import { inHost, testLab } from './lab.ts'

const ssl = '/etc/ssl/etcd/ssl'

/** How members run: what brings their programs to a host, and the unit that starts them. */
export interface Deployment {
  readonly programs: (host: string, member: string) => Promise<unknown>
  readonly unit: (member: string) => string
}

/** `etcd_deployment_type: host`: the programs are in /usr/local/bin. */
export const onHosts: Deployment = {
  programs: host =>
    inHost(
      host,
      'apt-get install -y -q etcd-server etcd-client >/dev/null; systemctl stop etcd; rm -rf /var/lib/etcd; cp /usr/bin/etcd /usr/bin/etcdctl /usr/local/bin',
    ),
  unit: () => theirUnit,
}

/** From a registry that does not answer: whoever has not got it, gets none. */
export const etcdImage = 'localhost:5000/coreos/etcd:v3.4.13'

/** `etcd_deployment_type: docker`: `etcd` is a script that starts the container, and etcdctl comes out of its image. */
export const inDocker = (lab: LabInfo): Deployment => ({
  programs: async (host, member) => {
    await withEtcdImage(lab, host)
    await feed(host, 'cat >/usr/local/bin/etcd; chmod 0750 /usr/local/bin/etcd', theirScript(member, etcdImage))
    await inHost(
      host,
      `id=$(docker create ${etcdImage} -); docker cp -L $id:/usr/local/bin/etcdctl /usr/local/bin/etcdctl; docker rm $id`,
    )
  },
  unit: theirContainerUnit,
})

/** A Docker engine with an image of etcd that has its programs where the official one has them. */
export async function withEtcdImage(lab: LabInfo, host: string): Promise<void> {
  await startEngine(lab, host, { images: ['etcd'] })
  const from = 'k8s.gcr.io/etcd:3.4.13-0'
  await feed(
    host,
    `DOCKER_BUILDKIT=0 docker build -q -t ${etcdImage} - >/dev/null`,
    `FROM ${from}\nCOPY --from=${from} /usr/bin/etcd /usr/bin/etcdctl /usr/local/bin/\n`,
  )
}

/**
 * An etcd on these hosts as kubespray's playbooks leave it: an authority whose key is on every member, certificates,
 * settings, programs and unit by its names.
 */
export async function makeTheirEtcd(lab: LabInfo, names: readonly string[], deployment = onHosts): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'rota-etcd-'))
  const ipOf = (name: string) => lab.hosts.find(host => host.name === name)?.ip ?? ''
  try {
    const san = ['localhost', ...names].map(name => `DNS:${name}`)
    const ips = ['127.0.0.1', '::1', ...names.map(ipOf)].map(ip => `IP:${ip}`)
    await writeFile(
      join(dir, 'ext'),
      `extendedKeyUsage=clientAuth,serverAuth\nsubjectAltName=${[...san, ...ips].join()}\n`,
    )
    const script = `openssl req -x509 -newkey rsa:2048 -nodes -days 30 -keyout ca-key.pem -out ca.pem -subj /CN=etcd-ca 2>/dev/null
for host; do for kind in member admin node; do
  openssl req -newkey rsa:2048 -nodes -keyout $kind-$host-key.pem -out csr -subj /CN=etcd-$kind-$host 2>/dev/null
  openssl x509 -req -in csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 30 -extfile ext -out $kind-$host.pem 2>/dev/null
done; done`
    await execa('sh', ['-ec', script, 'sh', ...names], { cwd: dir })
    const { stdout: tar } = await execa('sh', ['-c', 'tar -c *.pem | base64'], { cwd: dir })
    const members = names.map((name, index) => `etcd${index + 1}=https://${ipOf(name)}:2380`)
    const set = names.map(async (name, index) => {
      const env = theirEnv({ name: `etcd${index + 1}`, host: name, ip: ipOf(name), members }).replace(
        '=existing',
        '=new',
      )
      await feed(name, `mkdir -p ${ssl}; chmod 0700 ${ssl}; base64 -d | tar -C ${ssl} -x; chmod 0640 ${ssl}/*`, tar)
      await feed(name, 'cat >/etc/etcd.env; chmod 0640 /etc/etcd.env', env)
      await deployment.programs(name, `etcd${index + 1}`)
      await feed(name, 'cat >/etc/systemd/system/etcd.service', deployment.unit(`etcd${index + 1}`))
      await inHost(name, 'systemctl daemon-reload; systemctl enable -q etcd; systemctl start etcd')
      // A container reads them when it starts, which systemd does not wait for.
      await inHost(
        name,
        "timeout 30 sh -c 'until [ -d /var/lib/etcd/member ]; do sleep 0.1; done'; sed -i 's/=new$/=existing/' /etc/etcd.env",
      )
    })
    await Promise.all(set)
  } finally {
    await rm(dir, { recursive: true })
  }
}

/** No container and no engine are left on these hosts. */
export async function noEngine(names: readonly string[]): Promise<void> {
  await Promise.all(
    names.map(name =>
      inHost(name, 'docker ps -aq | xargs -r docker rm -f >/dev/null; systemctl stop docker docker.socket containerd'),
    ),
  )
}

/** Nothing of it is left on these hosts, nor of the package. */
export async function noEtcd(names: readonly string[]): Promise<void> {
  await Promise.all(
    names.map(name =>
      inHost(
        name,
        `systemctl disable -q --now etcd 2>/dev/null; rm -rf /var/lib/etcd /etc/ssl/etcd /etc/etcd.env /etc/systemd/system/etcd.service /usr/local/bin/etcd* /var/backups/rota-etcd /var/lib/rota; apt-get remove -y -q etcd-server etcd-client >/dev/null 2>&1; systemctl daemon-reload`,
      ),
    ),
  )
}

async function feed(host: string, command: string, input: string): Promise<void> {
  await execa('docker', ['exec', '-i', `rota-${testLab}-${host}`, 'sh', '-c', command], { input })
}
