// @ts-check
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { $ } from 'zx'
import { ensureCommands } from '../lab/apt.mjs'
import { withLock } from '../lab/lock.mjs'
import { cacheDir } from '../lab/paths.mjs'
import { say } from '../lab/say.mjs'

const source = fileURLToPath(new URL('agent/', import.meta.url))

/** The path of the compiled agent: a static binary of the standard library alone, kept by the hash of its source. */
export async function ensureAgent() {
  const hash = createHash('sha256')
  for (const file of (await readdir(source)).sort())
    hash.update(`\0${file}\0`).update(await readFile(join(source, file)))
  const binary = join(cacheDir(), 'probe', `rota-probe-${hash.digest('hex').slice(0, 12)}`)
  if (existsSync(binary)) return binary
  await ensureCommands({ go: 'golang-go', flock: 'util-linux' })
  await withLock(join(cacheDir(), 'probe.lock'), 'the prober', async () => {
    say('compiling the prober')
    const env = { ...process.env, CGO_ENABLED: '0', GOPROXY: 'off', GO111MODULE: 'on' }
    await $({
      cwd: source,
      env,
      quiet: true,
    })`go build -trimpath -ldflags=-s -o ${binary}.new . && mv ${binary}.new ${binary}`
  })
  return binary
}
