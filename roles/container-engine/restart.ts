import { quote, type RemoteShell, raw, type Step, type StepContext, step } from 'rota'
import { shown } from '../control-plane/kubeadm/why.ts'
import { restartOn } from '../lib/drain/restart-on.ts'
import { programsOf } from './artefacts.ts'
import { isAnySet, settingsOf } from './config.ts'
import { notRunning } from './decide.ts'
import { askedOf, type Params } from './params.ts'
import { placeText } from './placed.ts'
import { numberFunction, readSeen, type Seen, seenFact, seenText, versionOf } from './seen.ts'

/**
 * The engine runs as what it is, and the node is Ready with it. Only where one was asked for. What the restart is
 * needed for is seen in the process, so a run that was cut short goes on.
 */
export const engineIsNew = (params: Params): Step =>
  step({
    title: 'the container engine runs as it is asked for',
    facts: { seen: seenFact(params) },
    needed: ({ seen }) => restartReason(params, readSeen(seen)) ?? false,
    run: context => restart(context, params),
  })

export function restartReason(params: Params, seen: Seen): string | undefined {
  const settings = settingsOf(params)
  const byConfig = seen.engine === 'containerd' && isAnySet(settings) && seen.configIsNewer
  return notRunning(askedOf(params), seen) ?? (byConfig ? `${seen.config} is newer than the process` : undefined)
}

type Daemon = 'containerd' | 'docker'

async function restart(context: StepContext, params: Params): Promise<{ readonly summary: string }> {
  const { $ } = context
  const seen = readSeen(await $`sh -c ${seenText(params)}`.timeout(120))
  const { engine } = seen
  if (engine !== 'containerd' && engine !== 'docker') throw new Error('its kubelet uses neither containerd nor Docker')
  if (seen.refused !== undefined)
    throw new Error(`containerd does not take ${seen.config}: ${shown(seen.refused, [])}. It is not restarted`)
  const wanted = seen.parts[engine]?.version ?? ''
  const daemons: readonly Daemon[] =
    engine === 'docker' && runsAsItIs(seen, 'containerd')
      ? ['docker']
      : engine === 'docker'
        ? ['containerd', 'docker']
        : ['containerd']
  const name = await restartOn(context, {
    what: engine,
    restart: async () => {
      for (const daemon of daemons) await startAnew($, params, seen, daemon)
    },
    timeout: params.readyTimeout,
    wanted,
    is: state => new RegExp(`^${engine}://(\\d+\\.\\d+\\.\\d+)`).exec(state.engine)?.[1] ?? '',
    lastWords: () => lastWords($, engine),
  })
  return { summary: `${name} is Ready with ${engine} ${wanted}` }
}

const runsAsItIs = ({ parts }: Seen, daemon: Daemon): boolean => parts[daemon]?.runs === parts[daemon]?.version

/** Docker answers once it has looked after its containers. */
const startSeconds = 90

/** Where the new one does not come up, the old programs go back in its place, where they are kept. */
async function startAnew($: RemoteShell, params: Params, seen: Seen, daemon: Daemon): Promise<void> {
  const version = seen.parts[daemon]?.version ?? ''
  const { binDir } = params
  if (await comesUp($, daemon, { version, binDir })) return
  const words = await lastWords($, daemon)
  const failed = `${daemon} ${version} does not come up within ${startSeconds} s${words}`
  const { runs, package: of } = seen.parts[daemon] ?? {}
  if (daemon === 'docker' || of !== undefined || runs === undefined || runs === version) throw new Error(failed)
  const back = await $`new=${programsOf(params, 'containerd', runs)} dir=${params.binDir}
[ -e "$new/containerd" ] || exit 1
${raw(placeText('containerd'))}`.nothrow()
  if (back.exitCode !== 0) throw new Error(`${failed}\nand there is no ${runs} to go back to`)
  const isBack = await comesUp($, daemon, { version: runs, binDir })
  throw new Error(
    `${failed}\n${runs} is in its place again${isBack ? ', and serves' : ', and does not come up either'}`,
  )
}

/** It runs as the version, and answers. */
async function comesUp(
  $: RemoteShell,
  daemon: Daemon,
  { version, binDir }: { readonly version: string; readonly binDir: string },
): Promise<boolean> {
  const answers = daemon === 'docker' ? 'docker version' : 'ctr --timeout 5s version'
  const program = versionOf(daemon, '"/proc/$pid/exe"')
  const answer = await $`${raw(`PATH=$PATH:${quote(binDir)}
${numberFunction}
systemctl reset-failed ${daemon} 2>/dev/null || :
timeout ${startSeconds} systemctl restart ${daemon} || :
left=${startSeconds}
until pid=$(systemctl show -p MainPID ${daemon}.service | sed 's/^MainPID=//') && [ "\${pid:-0}" -gt 0 ] &&
  [ "$(${program})" = ${quote(version)} ] && ${answers} >/dev/null 2>&1; do
  left=$((left - 1))
  [ "$left" -gt 0 ] || exit 1
  sleep 1
done`)}`
    .timeout(startSeconds * 2 + 60)
    .nothrow()
  return answer.exitCode === 0
}

async function lastWords($: RemoteShell, daemon: Daemon): Promise<string> {
  const { stdout } = await $`systemctl is-active ${daemon} || :
journalctl -q -u ${daemon} -n 40 --no-pager -o cat 2>/dev/null | grep -E 'level=(error|fatal)|rror|ailed' | tail -n 3 | cut -c 1-2000 || :`
    .timeout(30)
    .nothrow()
  const [state = '', ...lines] = stdout.trim().split('\n')
  return [` (${daemon}.service is ${shown(state, [])})`, ...lines.map(line => `${daemon}: ${shown(line, [])}`)].join(
    '\n',
  )
}
