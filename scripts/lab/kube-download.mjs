// @ts-check
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from 'zx'
import { say } from './say.mjs'

const arch = process.arch === 'x64' ? 'amd64' : process.arch

/**
 * Fetches the official release, each binary against its published checksum. False: not reachable from here.
 * @param {string} version
 * @param {string} target
 * @param {string[]} binaries
 */
export async function downloadKube(version, target, binaries) {
  const url = `https://dl.k8s.io/release/${version}/bin/linux/${arch}`
  const probe = await $({
    nothrow: true,
    quiet: true,
  })`curl -fsSL --connect-timeout 3 --max-time 10 ${url}/kubectl.sha256`
  if (!probe.ok) return false
  say(`downloading Kubernetes ${version} (official release, ${arch})`)
  await mkdir(target, { recursive: true })
  for (const binary of binaries) {
    const file = join(target, binary)
    const sum = (await $`curl -fsSL --retry 3 ${url}/${binary}.sha256`).stdout.trim()
    await $`curl -fsSL --retry 3 -C - -o ${file}.part ${url}/${binary}`
    await $`echo ${`${sum}  ${file}.part`} | sha256sum -c --quiet`
    await $`chmod 0755 ${file}.part && mv ${file}.part ${file}`
  }
  return true
}
