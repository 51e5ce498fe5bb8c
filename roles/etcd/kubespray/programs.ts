import type { RemoteShell } from 'rota'
import { withContainerName } from './env.ts'
import type { TheirMember } from './seen.ts'

/** Bytes that travel at once: of a program they go through this process's memory. */
const piece = 8 * 1024 * 1024

const names = ['etcd', 'etcdctl', 'etcdutl'] as const

/**
 * Gives a host the programs of a member that serves, at the same version: what is the same already stays. Where the
 * member is a container, `etcd` is the script that starts it, under the new member's name, and its image has to be
 * there.
 */
export async function copyPrograms(
  from: RemoteShell,
  to: RemoteShell,
  member: TheirMember,
  name: string,
): Promise<void> {
  const { binDir } = member
  await to`mkdir -p ${binDir}`
  for (const program of names) {
    const path = `${binDir}/${program}`
    const sum = await sumOf(from, path)
    if (sum === undefined) continue
    if (program === 'etcd' && member.container) await copyScript(from, to, path, [member.name, name])
    else if ((await sumOf(to, path)) !== sum) await copy(from, to, path, sum)
  }
}

const sumOf = async ($: RemoteShell, path: string): Promise<string | undefined> =>
  /^[0-9a-f]{64}/.exec((await $`sha256sum ${path} 2>/dev/null`.nothrow()).stdout)?.[0]

async function copy(from: RemoteShell, to: RemoteShell, path: string, sum: string): Promise<void> {
  const beside = `${path}.new`
  const size = Number(await from`wc -c <${path}`.text())
  await to`: >${beside}`
  for (let index = 0; index * piece < size; index += 1) {
    const { stdout } = await from`dd if=${path} bs=${piece} skip=${index} count=1 2>/dev/null | base64`.timeout(300)
    await to`base64 -d >>${beside}`.stdin(stdout).timeout(300)
  }
  if ((await sumOf(to, beside)) !== sum) throw new Error(`${path} did not arrive as it is where it came from`)
  await to`chmod 0755 ${beside} && mv -f ${beside} ${path}`
}

async function copyScript(
  from: RemoteShell,
  to: RemoteShell,
  path: string,
  [old, name]: readonly [old: string, name: string],
): Promise<void> {
  const script = withContainerName((await from`cat ${path}`).stdout, old, name)
  const image = imageIn(script)
  if (image === undefined) throw new Error(`${path} names no image of etcd, as kubespray's script does`)
  const there = await to`docker image inspect ${image} >/dev/null 2>&1 || docker pull ${image} 2>&1 >/dev/null`
    .timeout(600)
    .nothrow()
  if (there.exitCode !== 0)
    throw new Error(
      `the image ${image} is not on this host and could not be pulled (${lastLine(there.stdout)}): load it there (docker load), or let the host reach its registry; nothing has been changed`,
    )
  await to`cat >${`${path}.new`} && chmod 0750 ${`${path}.new`} && mv -f ${`${path}.new`} ${path}`.stdin(script)
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 300) ?? ''

const imageLine = /^(\s*)([\w][\w./:@-]*:[\w.-]+)(\s*\\\n\s*\/usr\/local\/bin\/etcd\b)/m

/** The image in the script that starts the container: the word before the program in it. */
export const imageIn = (script: string): string | undefined => imageLine.exec(script)?.[2]

/** The script with another image in its place. Throws where it names none. */
export function withImage(script: string, image: string): string {
  if (!imageLine.test(script)) throw new Error("the script that starts etcd names no image, as kubespray's does")
  return script.replace(imageLine, (_, before: string, _old: string, after: string) => `${before}${image}${after}`)
}
