// @ts-check
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, rename, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { $ } from 'zx'
import { sourceTree } from './kube-build.mjs'
import { withLock } from './lock.mjs'
import { cacheDir } from './paths.mjs'
import { LabError, say } from './say.mjs'

const source = fileURLToPath(new URL('crictl/main.go', import.meta.url))

/**
 * The path of the lab's stand-in for crictl, a static program. It is compiled in the source tree of Kubernetes, which
 * has the client of the CRI beside it; Debian has no package of crictl.
 */
export async function ensureCrictl() {
  const sum = createHash('sha256')
    .update(await readFile(source))
    .digest('hex')
  const program = join(cacheDir(), 'runtime', `crictl-${sum.slice(0, 12)}`)
  if (existsSync(program)) return program
  return withLock(join(cacheDir(), 'kube.lock'), 'crictl', async () => {
    if (existsSync(program)) return program
    const { tree } = await sourceTree()
    const own = join(tree, 'cmd/rota-crictl')
    await mkdir(own, { recursive: true })
    await copyFile(source, join(own, 'main.go'))
    // Without modules, as the tree itself is built: its vendor folder counts below GOPATH only.
    const gopath = join(cacheDir(), 'kube-src', 'gopath')
    const link = join(gopath, 'src/k8s.io/kubernetes')
    await mkdir(join(gopath, 'src/k8s.io'), { recursive: true })
    if (!existsSync(link)) await symlink(tree, link)
    await mkdir(join(cacheDir(), 'runtime'), { recursive: true })
    say('compiling crictl (the stand-in of the lab)')
    const env = { ...process.env, CGO_ENABLED: '0', GO111MODULE: 'off', GOPATH: gopath }
    const run = await $({
      cwd: link,
      env,
      nothrow: true,
      quiet: true,
    })`go build -trimpath -ldflags=-s -o ${program}.new k8s.io/kubernetes/cmd/rota-crictl 2>&1`
    if (!run.ok) throw new LabError(`crictl does not build:\n${run.stdout.split('\n').slice(-15).join('\n')}`)
    await rename(`${program}.new`, program)
    return program
  })
}
