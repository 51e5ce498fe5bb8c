import { type RemoteShell, type Shell, sh } from 'rota'
import { kubectlWords } from '../../lib/cluster/kubectl.ts'
import type { Params } from '../daemons/daemons.ts'
import type { Addon } from './addon.ts'
import { addonNames, type Mend } from './addons.ts'
import { create, replace } from './put.ts'

type At = Pick<Params, 'binDir' | 'kubeConfigDir'>

/**
 * A call of `kubeadm upgrade` that has begun on this host: its kind is written down before it, and gone when it has
 * ended well and its effects are as they should be. Whoever finds it does it again.
 */
export const begunOf = ({ kubeConfigDir }: Pick<At, 'kubeConfigDir'>): string =>
  `${kubeConfigDir}/.rota-kubeadm-upgrade`

/** The add-ons as they were before it. */
export const addonsBeforeOf = ({ kubeConfigDir }: Pick<At, 'kubeConfigDir'>): string =>
  `${kubeConfigDir}/.rota-addons-before`

export type Call = 'apply' | 'node'

export const begunCall = (text: string): Call | undefined => {
  const call = text.trim()
  return call === 'apply' || call === 'node' ? call : undefined
}

/** With whose each field is: kubectl before 1.21 tells it unasked, and knows no such flag. */
function readAddons(params: At): Shell {
  const words = [
    ...kubectlWords(params),
    ...['-n', 'kube-system', 'get', '--ignore-not-found', '-o', 'json'],
    ...Object.values(addonNames).flat(),
  ]
  return sh`{ ${words} --show-managed-fields 2>/dev/null || ${words}; }`
}

/**
 * Writes both down, each whole or not at all. What an earlier call has left counts: it was the last that knew the
 * add-ons as they were. An apply that has not ended stays one.
 */
export async function begin($: RemoteShell, params: At, call: Call): Promise<readonly Addon[]> {
  const [begun, before] = [begunOf(params), addonsBeforeOf(params)]
  await $`umask 077
if [ ! -e ${begun} ] || [ ! -e ${before} ]; then
  ${readAddons(params)} >${`${before}.new`}
  sync ${`${before}.new`} 2>/dev/null || :
  mv -f ${`${before}.new`} ${before}
fi
echo ${call} >${`${begun}.new`}
sync ${`${begun}.new`} 2>/dev/null || :
mv -f ${`${begun}.new`} ${begun}`
  return addonsIn((await $`cat ${before}`).stdout)
}

/** Which call has begun, and not ended. */
export const whatBegan = async ($: RemoteShell, params: At): Promise<Call | undefined> =>
  begunCall((await $`cat ${begunOf(params)} 2>/dev/null || :`).stdout)

export const ended = ($: RemoteShell, params: At) => $`rm -f ${begunOf(params)} ${addonsBeforeOf(params)}`

export const addonsNow = async ($: RemoteShell, params: At): Promise<readonly Addon[]> =>
  addonsIn((await $`${readAddons(params)}`).stdout)

/** A list, one object, or nothing where there is none of them. */
function addonsIn(text: string): readonly Addon[] {
  if (text.trim() === '') return []
  const said = JSON.parse(text) as { readonly items?: readonly Addon[] } & Addon
  return said.items ?? [said]
}

/** Says what was done. An object that is not as it was after that is an error. */
export async function mend($: RemoteShell, params: At, mends: readonly Mend[]): Promise<readonly string[]> {
  const words = kubectlWords(params)
  const done: string[] = []
  for (const item of mends) {
    if (item.kind === 'delete') {
      await $`${words} -n kube-system delete --ignore-not-found ${item.name}`.timeout(60)
      done.push(`${item.name}, which was not there, is gone again`)
    } else if (item.kind === 'restart') {
      await $`${words} -n kube-system rollout restart ${item.name}`
    } else {
      const { kind, metadata } = item.object
      const moved = await (item.kind === 'create' ? create({ $, words }, item) : replace({ $, words }, item))
      if (moved) done.push(`${kind} ${metadata.name} is as it was`)
    }
  }
  return done
}
