import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import { equal, instance, is, match, not, unreachable } from 'uvu/assert'
import { isMiss, openWeb, type Sum, type Web } from '../../../engine/web/index.ts'
import { authority, cut, file, type Routes, rangeOf, redirect, type Server, serve, text } from './server.ts'

const content = randomBytes(400_000)
const hexOf = (algorithm: string, bytes: Buffer): string => createHash(algorithm).update(bytes).digest('hex')
const sha256 = hexOf('sha256', content)
const sum: Sum = { algorithm: 'sha256', hex: sha256 }

const trusted = authority()
const test = suite('web: a file')
const web: Web = await withEnvironment({ SSL_CERT_FILE: trusted.ca }, () => openWeb())
const dir = mkdtempSync(join(tmpdir(), 'rota-file-'))
const servers: Server[] = []
let number = 0
test.after(async () => {
  await web.close()
  for (const server of servers) server.close()
  rmSync(dir, { recursive: true })
  trusted.remove()
})

async function withEnvironment<T>(set: NodeJS.ProcessEnv, work: () => Promise<T>): Promise<T> {
  const before = Object.keys(set).map(name => [name, process.env[name]] as const)
  Object.assign(process.env, set)
  try {
    return await work()
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}

async function serving(routes: Routes, plain = false): Promise<Server> {
  const server = await serve(routes, plain ? undefined : trusted)
  servers.push(server)
  return server
}

const place = (): string => join(dir, `${++number}`, 'bin', 'kubeadm')
const quick = { pause: 0.01, patience: 0.3 }

async function why(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    instance(error, Error)
    return (error as Error).message
  }
  return unreachable('it was fetched') as never
}

/** What stands in the file's folder. */
const around = (path: string): string[] => (existsSync(join(path, '..')) ? readdirSync(join(path, '..')) : [])

test('is fetched with the checksum that is published beside it, which is left beside it', async () => {
  const path = place()
  const { base } = await serving({ '/kubeadm': file(content), '/kubeadm.sha256': text(sha256) })
  const seen: number[] = []
  const got = await web.file({ urls: [`${base}/kubeadm`], path, onProgress: done => seen.push(done) })
  equal(got, { url: `${base}/kubeadm`, size: content.length, sha256 })
  equal(readFileSync(path), content)
  is(readFileSync(`${path}.sha256`, 'utf8'), `${sha256}  kubeadm\n`)
  equal(around(path).sort(), ['kubeadm', 'kubeadm.sha256'])
  is(seen.at(-1), content.length)
})

test('where SHA-512 alone is published, or given, that one counts', async () => {
  const sha512 = hexOf('sha512', content)
  const { base } = await serving({ '/kubeadm': file(content), '/kubeadm.sha512': text(`${sha512}  kubeadm\n`) })
  is((await web.file({ urls: [`${base}/kubeadm`], path: place() })).sha256, sha256)
  const wrong: Sum = { algorithm: 'sha512', hex: '0'.repeat(128) }
  match(
    await why(web.file({ urls: [`${base}/kubeadm`], path: place(), sum: wrong })),
    `has the checksum ${sha512}, not 000`,
  )
})

test('cut in the middle: it goes on where it broke off', async () => {
  const path = place()
  const { base, asked } = await serving({ '/kubeadm': cut(content, 150_000) })
  await web.file({ urls: [`${base}/kubeadm`], path, sum, ...quick })
  equal(readFileSync(path), content)
  is(asked[0], 'GET /kubeadm')
  match(asked[1] ?? '', /^GET \/kubeadm bytes=\d+-$/)
  not(asked.slice(1).includes('GET /kubeadm'))
})

test('cut each time before a byte has come: four tries, and what the server did is said', async () => {
  const path = place()
  const { base, asked } = await serving({ '/kubeadm': cut(content, 0) })
  const said = await why(web.file({ urls: [`${base}/kubeadm`], path, sum, ...quick }))
  is(said, `${base}/kubeadm: the connection was cut (4 times)`)
  is(asked.length, 4)
  equal(around(path), [])
})

test('a server without ranges is asked for all of it, and what was there does not count twice', async () => {
  const path = place()
  let first = true
  const { base, asked } = await serving({
    '/kubeadm': (request, response) => {
      if (first) cut(content, 150_000)(request, response)
      else response.end(content)
      first = false
    },
  })
  await web.file({ urls: [`${base}/kubeadm`], path, sum, ...quick })
  equal(readFileSync(path), content)
  is(asked.length, 2)
})

test('a part of another file is thrown away, be the server one with ranges or not', async () => {
  for (const part of [randomBytes(1000), randomBytes(content.length + 5)]) {
    const path = place()
    const { base } = await serving({
      '/kubeadm': (request, response) => {
        if (rangeOf(request) < content.length) file(content)(request, response)
        else response.writeHead(416).end()
      },
    })
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(join(path, '..', '.kubeadm.part'), part)
    await web.file({ urls: [`${base}/kubeadm`], path, sum, ...quick })
    equal(readFileSync(path), content)
    equal(around(path).sort(), ['kubeadm', 'kubeadm.sha256'])
  }
})

test('the wrong content: the next mirror is tried, and if there is none the old file stays', async () => {
  const path = place()
  const other = randomBytes(1000)
  const { base } = await serving({ '/wrong': file(other), '/right': file(content) })
  await web.file({ urls: [`${base}/wrong`, `${base}/right`], path, sum })
  equal(readFileSync(path), content)
  const hex = 'a'.repeat(64)
  const said = await why(web.file({ urls: [`${base}/wrong`], path, sum: { algorithm: 'sha256', hex } }))
  is(said, `${base}/wrong has the checksum ${hexOf('sha256', other)}, not ${hex}`)
  equal(readFileSync(path), content)
  equal(around(path).sort(), ['kubeadm', 'kubeadm.sha256'])
})

test('not there: each mirror is asked once, and all that they said is said', async () => {
  const path = place()
  const { base, asked } = await serving({ '/broken': (_, response) => response.writeHead(500).end() })
  const said = await why(web.file({ urls: [`${base}/a`, `${base}/broken`], path, sum, ...quick }))
  is(said, `${base}/a answered 404; ${base}/broken answered 500 (4 times)`)
  is(asked.filter(line => line === 'GET /a').length, 1)
})

test('redirects are followed, to another server too, which is not told the password of the first', async () => {
  const said: (string | undefined)[] = []
  const other = await serving({
    '/file': (request, response) => {
      said.push(request.headers.authorization)
      file(content)(request, response)
    },
  })
  const { base } = await serving({
    '/kubeadm': (request, response) => {
      said.push(request.headers.authorization)
      redirect('/moved')(request, response)
    },
    '/moved': redirect(`${other.base}/file?signature=secret`),
    '/circle': redirect('/circle'),
  })
  const path = place()
  const got = await web.file({ urls: [`${base.replace('//', '//me:p%40ss@')}/kubeadm`], path, sum })
  equal(readFileSync(path), content)
  is(got.url, `${base}/kubeadm`)
  equal(said, [`Basic ${Buffer.from('me:p@ss').toString('base64')}`, undefined])
  is(
    await why(web.file({ urls: [`${base}/circle`], path: place(), sum })),
    `${base}/circle leads in circles: 10 redirects were followed`,
  )
})

test('a checksum is believed by https alone, also behind a redirect; one that is given vouches for plain http', async () => {
  const plain = await serving({ '/kubeadm': file(content), '/kubeadm.sha256': text(sha256) }, true)
  match(
    await why(web.file({ urls: [`${plain.base}/kubeadm`], path: place() })),
    `${plain.base}/kubeadm: its checksum is not known, and one that comes by http proves nothing`,
  )
  const { base } = await serving({
    '/kubeadm': redirect(`${plain.base}/kubeadm`),
    '/kubeadm.sha256': redirect(`${plain.base}/kubeadm.sha256`),
  })
  match(await why(web.file({ urls: [`${base}/kubeadm`], path: place() })), 'leads out of https')
  await web.file({ urls: [`${base}/kubeadm`], path: place(), sum })
})

test('no checksum: refused, and what is beside it is never taken for one', async () => {
  const { base } = await serving({
    '/a': file(content),
    '/b': file(content),
    '/b.sha256': text('<html>Sign in</html>'),
  })
  is(
    await why(web.file({ urls: [`${base}/a`], path: place() })),
    `its checksum is not to be had: ${base}/a.sha256 answered 404`,
  )
  is(await why(web.file({ urls: [`${base}/b`], path: place() })), `${base}/b.sha256 holds no checksum`)
})

test('slow is no failure; one that falls silent is left, and gone on with', async () => {
  const path = place()
  const tenth = content.length / 10
  let isSilent = true
  const { base, asked } = await serving({
    '/kubeadm': (request, response) => {
      const rest = content.subarray(rangeOf(request))
      response.writeHead(rangeOf(request) > 0 ? 206 : 200, {
        'content-length': rest.length,
        'content-range': `bytes ${rangeOf(request)}-${content.length - 1}/${content.length}`,
      })
      let sent = 0
      const more = (): void => {
        response.write(rest.subarray(sent, sent + tenth))
        sent += tenth
        if (isSilent && sent >= 3 * tenth) isSilent = false
        else if (sent < rest.length) setTimeout(more, 100)
        else response.end()
      }
      more()
    },
  })
  await web.file({ urls: [`${base}/kubeadm`], path, sum, ...quick })
  equal(readFileSync(path), content)
  is(asked.length, 2)
  match(asked[1] ?? '', `bytes=${3 * tenth}-`)
})

test('a server whose certificate nobody vouches for is not believed, and is not asked again', async () => {
  const { base, asked } = await serving({ '/kubeadm': file(content) })
  const stranger = await openWeb()
  const said = await why(stranger.file({ urls: [`${base}/kubeadm`], path: place(), sum, ...quick }))
  await stranger.close()
  match(said, /certificate is not believed .*NODE_EXTRA_CA_CERTS/)
  equal(asked, [])
})

test('nobody there: said in words', async () => {
  const gone = await serve({}, trusted)
  gone.close()
  const said = await why(web.file({ urls: [`${gone.base}/kubeadm`], path: place(), sum, ...quick }))
  is(said, `${gone.base}/kubeadm: nobody listens there (4 times)`)
})

test('stopped in the middle: what has come is there for the next time', async () => {
  const path = place()
  const { base, asked } = await serving({
    '/kubeadm': (request, response) => {
      if (rangeOf(request) > 0) file(content)(request, response)
      else response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 100_000))
    },
  })
  const stop = new AbortController()
  const stopped = why(
    web.file({
      urls: [`${base}/kubeadm`],
      path,
      sum,
      signal: stop.signal,
      onProgress: done => done >= 100_000 && stop.abort(),
    }),
  )
  match(await stopped, 'aborted')
  equal(around(path), ['.kubeadm.part'])
  await web.file({ urls: [`${base}/kubeadm`], path, sum })
  equal(readFileSync(path), content)
  equal(asked, ['GET /kubeadm', 'GET /kubeadm bytes=100000-'])
})

test('runs that fetch the same file at once do not disturb each other', async () => {
  const path = place()
  const { base } = await serving({ '/kubeadm': cut(content, 90_000) })
  await Promise.all([1, 2, 3].map(() => web.file({ urls: [`${base}/kubeadm`], path, sum, ...quick })))
  equal(readFileSync(path), content)
  equal(around(path).sort(), ['kubeadm', 'kubeadm.sha256'])
})

/** A process of its own that fetches the file, with what it says. */
function another(url: string, path: string, before = ''): ReturnType<typeof spawn> {
  const script = `import { openWeb } from '${new URL('../../../engine/web/index.ts', import.meta.url).pathname}'
const web = await openWeb()
await web.file({ urls: ['${url}'], path: '${path}', sum: ${JSON.stringify(sum)}, pause: 0.01 }).catch(error => {
  console.error(error.message)
  process.exitCode = 3
})
await web.close()`
  const script0 = join(dir, `${++number}.mts`)
  writeFileSync(script0, script)
  const node = `exec ${process.execPath} --import ./engine/register.mjs ${script0}`
  return spawn('sh', ['-c', `${before}\n${node}`], { env: { ...process.env, SSL_CERT_FILE: trusted.ca } })
}

test('a run that is killed leaves its part to the next one', async () => {
  const path = place()
  let reached: () => void = () => {}
  const half = new Promise<void>(resolve => {
    reached = resolve
  })
  const { base, asked } = await serving({
    '/kubeadm': (request, response) => {
      if (rangeOf(request) > 0) return void file(content)(request, response)
      response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 100_000), () => reached())
    },
  })
  const killed = another(`${base}/kubeadm`, path)
  await half
  while (!around(path).some(name => name.includes('.part'))) await new Promise(resolve => setTimeout(resolve, 20))
  await new Promise(resolve => setTimeout(resolve, 200))
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  is(around(path).length, 1)
  await web.file({ urls: [`${base}/kubeadm`], path, sum })
  equal(readFileSync(path), content)
  equal(around(path).sort(), ['kubeadm', 'kubeadm.sha256'])
  match(asked.at(-1) ?? '', 'bytes=')
})

test('no room left: said at once, with no second try', async () => {
  const path = place()
  const { base, asked } = await serving({ '/kubeadm': file(content) })
  // A limit of the process in place of a full disk: 64 KiB.
  const full = another(`${base}/kubeadm`, path, "trap '' XFSZ; ulimit -f 128")
  let said = ''
  full.stderr?.on('data', text => {
    said += text
  })
  const [code] = await once(full, 'exit')
  is(code, 3, said)
  match(said, /can't be written: there is no room left/)
  is(asked.length, 1)
  is(existsSync(path), false)
})

test('a proxy of the environment is used, and not for what no_proxy names', async () => {
  const { base, asked } = await serving({ '/kubeadm': file(content) }, true)
  const through: string[] = []
  const { createServer } = await import('node:http')
  const { connect } = await import('node:net')
  const proxy = createServer().on('connect', ({ url = '' }, socket) => {
    through.push(url)
    const [host = '', port = ''] = url.split(':')
    const far = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      far.pipe(socket).pipe(far)
    })
    far.on('error', () => socket.destroy())
    socket.on('error', () => far.destroy())
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  const { port } = proxy.address() as { port: number }
  const environment = { http_proxy: `http://127.0.0.1:${port}`, no_proxy: 'localhost' }
  const behind = await withEnvironment(environment, async () => openWeb())
  await behind.file({ urls: [`${base}/kubeadm`], path: place(), sum })
  is(asked.length, 1)
  equal(through, [base.replace('http://', '')])
  await behind.file({ urls: [`${base.replace('127.0.0.1', 'localhost')}/kubeadm`], path: place(), sum })
  is(through.length, 1)
  await behind.close()
  // As curl takes it.
  const plain = await openWeb({ httpProxy: `127.0.0.1:${port}` })
  await plain.file({ urls: [`${base}/kubeadm`], path: place(), sum })
  is(through.length, 2)
  await plain.close()
  proxy.closeAllConnections()
  proxy.close()
})

test('what can be no proxy is refused, and not shown', async () => {
  const said = await why(openWeb({ httpsProxy: 'me:secret@proxy:99999' }))
  is(said, 'http_proxy or https_proxy is no proxy: Invalid URL')
})

test('how long a file is can be asked without fetching it', async () => {
  const { base, asked } = await serving({
    '/kubeadm': file(content),
    '/none': (_, response) => response.writeHead(405).end(),
  })
  equal(await web.size(`${base}/kubeadm`), { size: content.length })
  equal(await web.size(`${base}/none`), {})
  const miss = await web.size(`${base}/gone`)
  is(isMiss(miss) && miss.why, `${base}/gone answered 404`)
  is(asked[0], 'HEAD /kubeadm')
})

test.run()
