import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import { execa } from 'execa'
import { inHost, testLab } from './lab.ts'

/**
 * What load balancers need of an API server, and nothing else: `GET /readyz` over TLS on 6443, kept connections, a
 * certificate of the cluster's authority with every name that clients use. It answers with the name of its host, and
 * 500 while /run/not-ready is there.
 */
const answer = `#!/bin/sh
while IFS= read -r request; do
  while IFS= read -r header && [ "$header" != "$(printf '\\r')" ]; do :; done
  status='200 OK'
  [ ! -e /run/not-ready ] || status='500 Internal Server Error'
  body=$(hostname)
  printf 'HTTP/1.1 %s\\r\\nContent-Length: %s\\r\\n\\r\\n%s' "$status" "\${#body}" "$body"
done
`

// The program has the name that `ss` shows of a real one.
const unit = `[Service]
ExecStart=/opt/rota-test/kube-apiserver OPENSSL-LISTEN:6443,fork,reuseaddr,backlog=64,cert=/opt/rota-test/server.pem,verify=0 EXEC:/opt/rota-test/answer
Restart=always
SuccessExitStatus=143
`

export interface ApiServers {
  /** PEM of the authority, for clients. */
  readonly ca: string
  readonly stop: () => Promise<void>
}

/** Starts them on these hosts; `names` are what the certificate of each has. */
export async function startApiServers(hosts: readonly string[], names: readonly string[]): Promise<ApiServers> {
  const dir = await mkdtemp(join(tmpdir(), 'rota-api-'))
  const openssl = (...words: readonly string[]) => execa('openssl', words, { cwd: dir })
  await openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-days',
    '2',
    '-subj',
    '/CN=ca',
  )
  await openssl(
    'req',
    '-new',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'key',
    '-out',
    'csr',
    '-subj',
    '/CN=kube-apiserver',
  )
  await writeFile(join(dir, 'names'), `subjectAltName=${names.join(',')}\n`)
  await openssl(
    'x509',
    '-req',
    '-in',
    'csr',
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-out',
    'crt',
    '-days',
    '2',
    '-extfile',
    'names',
  )
  const read = (name: string) => readFileSync(join(dir, name), 'utf8')
  const files = {
    '/opt/rota-test/answer': answer,
    '/opt/rota-test/server.pem': read('crt') + read('key'),
    '/etc/kubernetes/pki/ca.crt': read('ca.crt'),
    '/etc/systemd/system/kube-apiserver.service': unit,
  }
  await Promise.all(
    hosts.map(async host => {
      await inHost(host, 'apt-get install -y -q socat >/dev/null; mkdir -p /opt/rota-test /etc/kubernetes/pki')
      for (const [path, input] of Object.entries(files))
        await execa(
          'docker',
          ['exec', '-i', `rota-${testLab}-${host}`, 'sh', '-c', 'cat >"$0"; chmod 0755 "$0"', path],
          { input },
        )
      await inHost(
        host,
        'systemctl stop kube-apiserver 2>/dev/null; cp /usr/bin/socat /opt/rota-test/kube-apiserver; systemctl daemon-reload; systemctl start kube-apiserver',
      )
    }),
  )
  const ca = read('ca.crt')
  await rm(dir, { recursive: true })
  const stop = async () => {
    await Promise.all(
      hosts.map(host =>
        inHost(
          host,
          `systemctl stop kube-apiserver; rm -rf /run/not-ready ${Object.keys(files).join(' ')}; systemctl daemon-reload`,
        ),
      ),
    )
  }
  return { ca, stop }
}

export interface Kept {
  /** Asks once more on the same connection, and gives the name of the host that answered. Fails where it was closed. */
  readonly ask: () => Promise<string>
  readonly isClosed: () => boolean
  readonly close: () => void
}

/** A connection through a load balancer that is kept. */
export async function keptConnection(address: string, port: number, ca: string): Promise<Kept> {
  const socket = connect({ host: address, port, ca })
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve).once('error', reject)
  })
  socket.on('error', () => {})
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      const gone = () => reject(new Error('the connection was closed'))
      socket.once('close', gone)
      socket.once('data', data => {
        socket.off('close', gone)
        resolve(String(data).split('\r\n\r\n')[1] ?? '')
      })
      socket.write('GET /readyz HTTP/1.1\r\nHost: kubernetes\r\n\r\n', error => error && gone())
    })
  return { ask, isClosed: () => socket.readableEnded || socket.destroyed, close: () => socket.destroy() }
}

/** Asks on a connection of its own: the name of the host that answered. */
export const askOnce = (address: string, port: number, ca: string): Promise<string> =>
  new Promise((resolve, reject) => {
    httpsRequest({ host: address, port, path: '/readyz', ca, agent: false }, response => {
      response
        .setEncoding('utf8')
        .on('data', body => (response.statusCode === 200 ? resolve(body) : reject(new Error(body))))
    })
      .setTimeout(3000, () => reject(new Error('no answer')))
      .on('error', reject)
      .end()
  })

/**
 * Clients that ask every 300 ms, each on a connection that it keeps, and dial anew where theirs was closed. Counts the
 * requests.
 */
export function keptClients(count: number, address: string, port: number, ca: string) {
  const asked = { requests: 0, failed: 0, connections: 0 }
  let isOver = false
  const client = async () => {
    let kept: Kept | undefined
    while (!isOver) {
      if (kept === undefined || kept.isClosed()) {
        kept = await keptConnection(address, port, ca)
        asked.connections += 1
      }
      asked.requests += 1
      await kept.ask().catch(() => {
        asked.failed += 1
      })
      await sleep(300)
    }
    kept?.close()
  }
  const all = Promise.all(Array.from({ length: count }, client))
  const stop = async () => {
    isOver = true
    await all
    return asked
  }
  return { stop }
}
