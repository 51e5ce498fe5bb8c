import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import type { LabInfo } from '../../scripts/lab/types.ts'

/**
 * What a proxy sees of masters, without Kubernetes: on each a TLS server on port 6443 that answers /readyz and says who
 * it is, with a certificate of an authority that its host knows; and one without TLS on port 8080.
 */
export async function serveMasters(lab: LabInfo, names: readonly string[]): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'rota-pki-'))
  try {
    const openssl = (...args: readonly string[]) => execa('openssl', args, { cwd: dir })
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    await openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=lab')
    for (const name of names) {
      const ip = lab.hosts.find(host => host.name === name)?.ip ?? ''
      const san = ['-addext', `subjectAltName=IP:${ip}`]
      const ca = ['-CA', 'ca.crt', '-CAkey', 'ca.key']
      await openssl('req', '-x509', ...key, ...ca, ...san, '-keyout', 'key', '-out', 'crt', '-subj', `/CN=${name}`)
      const file = (path: string) => readFile(join(dir, path), 'utf8')
      await put(lab, name, '/etc/kubernetes/pki/ca.crt', await file('ca.crt'))
      await put(lab, name, '/etc/lab-master/tls.crt', await file('crt'))
      await put(lab, name, '/etc/lab-master/tls.key', await file('key'))
      await put(lab, name, '/etc/lab-master/nginx.conf', serverConf(name))
      await run(
        lab,
        name,
        'apt-get install -y -q nginx >/dev/null && systemctl stop nginx; systemctl stop lab-master 2>/dev/null; systemd-run -q --collect --unit=lab-master nginx -c /etc/lab-master/nginx.conf',
      )
    }
  } finally {
    await rm(dir, { recursive: true })
  }
}

export async function stopMasters(lab: LabInfo, names: readonly string[]): Promise<void> {
  for (const name of names)
    await run(lab, name, 'systemctl stop lab-master || :; rm -rf /etc/lab-master /etc/kubernetes/pki/ca.crt')
}

const serverConf = (name: string): string => `daemon off;
pid /run/lab-master.pid;
events {}
http {
  access_log off;
  keepalive_timeout 10m;
  server {
    # The insecure port of old API servers.
    listen 8080;
    location / { return 200 "ok from ${name}\\n"; }
  }
  server {
    listen 6443 ssl;
    ssl_certificate /etc/lab-master/tls.crt;
    ssl_certificate_key /etc/lab-master/tls.key;
    location /readyz { return 200 "ok from ${name}\\n"; }
  }
}
`

async function put(lab: LabInfo, host: string, path: string, text: string): Promise<void> {
  const script = 'mkdir -p "$(dirname "$0")" && cat >"$0"'
  await execa('docker', ['exec', '-i', containerOf(lab, host), 'sh', '-c', script, path], { input: text })
}

const run = (lab: LabInfo, host: string, command: string) =>
  execa('docker', ['exec', containerOf(lab, host), 'sh', '-c', command])

const containerOf = (lab: LabInfo, host: string): string =>
  lab.hosts.find(({ name }) => name === host)?.container ?? `no host ${host}`

export interface Kept {
  /** Asks once more over the same connection, and gives the name of the master that answers. */
  readonly ask: () => Promise<string>
  readonly close: () => void
}

/** One TLS connection from a host through its proxy, kept open. */
export function keptConnection(lab: LabInfo, host: string, port: number): Kept {
  const command = [
    'exec',
    '-i',
    containerOf(lab, host),
    'openssl',
    's_client',
    '-quiet',
    '-connect',
    `127.0.0.1:${port}`,
  ]
  const child = execa('docker', command, { reject: false, buffer: false, stderr: 'ignore' })
  const stdout = child.stdout
  let seen = ''
  stdout.setEncoding('utf8')
  stdout.on('data', (text: string) => {
    seen += text
  })
  return {
    ask: async () => {
      seen = ''
      child.stdin.write('GET /readyz HTTP/1.1\r\nHost: lab\r\n\r\n')
      for (let left = 100; left > 0; left--) {
        const [, name] = /ok from (\S+)\n/.exec(seen) ?? []
        if (name !== undefined) return name
        if (child.exitCode !== null) throw new Error(`the connection was closed: ${seen}`)
        await new Promise(resolve => setTimeout(resolve, 50))
      }
      throw new Error(`no answer within 5 s: ${seen}`)
    },
    close: () => child.kill(),
  }
}
