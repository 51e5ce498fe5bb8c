import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { ensureKube } from '../../scripts/lab/index.mjs'
import { ensureDaemonPrograms } from '../../scripts/lab/runtime-images.mjs'

/**
 * A real API server with its etcd as processes of this machine, with certificates of a real kubeadm: for what kubeadm
 * and kubectl do to objects, which needs neither nodes nor pods.
 */
export async function startApiServer(version: string) {
  const dir = mkdtempSync(join(tmpdir(), 'rota-api-server-'))
  const programs = join(await ensureKube(), version)
  const etcd = join(await ensureDaemonPrograms(), 'etcd')
  const [client, peer, port] = [await freePort(), await freePort(), await freePort()]
  const pki = join(dir, 'pki')
  const processes: ChildProcess[] = []
  const start = (program: string, args: readonly string[]) => {
    const log = openSync(join(dir, `${program.split('/').at(-1)}.log`), 'w')
    processes.push(spawn(program, args, { stdio: ['ignore', log, log] }))
  }
  const kill = () => {
    for (const process of processes) process.kill('SIGKILL')
  }
  // A test that ends by an error takes them along.
  process.once('exit', kill)
  const end = async () => {
    for (const process of processes.toReversed()) {
      process.kill('SIGKILL')
      if (process.exitCode === null && process.signalCode === null)
        await new Promise(resolve => process.once('exit', resolve))
    }
    rmSync(dir, { recursive: true })
  }
  try {
    mkdirSync(pki)
    writeFileSync(join(dir, 'kubeadm.yaml'), kubeadmConfig({ version, pki, port }))
    const kubeadm = (...words: readonly string[]) =>
      execa(join(programs, 'kubeadm'), ['init', 'phase', ...words, '--config', join(dir, 'kubeadm.yaml')])
    await kubeadm('certs', 'all')
    await kubeadm('kubeconfig', 'admin', '--kubeconfig-dir', dir)
    const [urls, peers] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`]
    start(etcd, [
      ...['--data-dir', join(dir, 'etcd'), '--unsafe-no-fsync'],
      ...['--listen-client-urls', urls, '--advertise-client-urls', urls],
      ...['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers, '--initial-cluster', `default=${peers}`],
    ])
    const files = { 'client-ca': 'ca.crt', 'tls-cert': 'apiserver.crt', 'tls-private-key': 'apiserver.key' }
    start(join(programs, 'kube-apiserver'), [
      `--etcd-servers=${urls}`,
      ...['--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', `--secure-port=${port}`],
      ...['--service-cluster-ip-range=10.233.0.0/18', '--authorization-mode=Node,RBAC'],
      '--enable-admission-plugins=NodeRestriction',
      ...Object.entries(files).map(([flag, file]) => `--${flag}-file=${join(pki, file)}`),
      ...['--insecure-port=0', '--allow-privileged'],
      `--service-account-key-file=${join(pki, 'sa.pub')}`,
      `--service-account-signing-key-file=${join(pki, 'sa.key')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
    ])
    const kubeconfig = join(dir, 'admin.conf')
    const kubectl = async (...words: readonly string[]) =>
      (await execa(join(programs, 'kubectl'), ['--kubeconfig', kubeconfig, ...words])).stdout
    for (let left = 120; ; left -= 1) {
      const ready = await kubectl('get', '--raw', '/readyz').catch(() => '')
      // The namespace is made last, and kubeadm has need of it.
      if (ready === 'ok' && (await kubectl('get', 'namespace', 'kube-system').catch(() => '')) !== '') break
      if (left === 0) throw new Error(readFileSync(join(dir, 'kube-apiserver.log'), 'utf8').slice(-2000))
      await sleep(500)
    }
    return { dir, port, programs, kubeconfig, kubectl, kubeadm, end }
  } catch (error) {
    await end()
    throw error
  }
}

const kubeadmConfig = ({
  version,
  pki,
  port,
}: {
  readonly version: string
  readonly pki: string
  readonly port: number
}): string =>
  [
    {
      apiVersion: 'kubeadm.k8s.io/v1beta2',
      kind: 'InitConfiguration',
      // An address of this machine's own is asked of nobody, but kubeadm takes none of its loopback.
      localAPIEndpoint: { advertiseAddress: '10.0.0.1', bindPort: port },
      nodeRegistration: { name: 'm1' },
    },
    {
      apiVersion: 'kubeadm.k8s.io/v1beta2',
      kind: 'ClusterConfiguration',
      kubernetesVersion: version,
      controlPlaneEndpoint: `127.0.0.1:${port}`,
      certificatesDir: pki,
      apiServer: { certSANs: ['127.0.0.1'] },
      networking: { serviceSubnet: '10.233.0.0/18', podSubnet: '10.233.64.0/18', dnsDomain: 'cluster.local' },
    },
  ]
    .map(document => JSON.stringify(document))
    .join('\n---\n')

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
