import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { inHost, type PlaybookResult, runPlaybook, testLab, totals } from './lab.ts'

/**
 * A repository of packages on a host, `name version` each in two versions: the first is installed. What they do when
 * they are configured is `postinst`; each has a file of configuration.
 */
export const aptSource = (postinst: string): string => `set -e
rm -rf /opt/rota-su; mkdir -p /opt/rota-su/repo; cd /opt/rota-su
pack() {
  rm -rf p; mkdir -p p/DEBIAN p/etc
  printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: a <a@b>\\nDescription: a\\n' "$1" "$2" >p/DEBIAN/control
  echo "version $2" >"p/etc/$1.conf"; echo "/etc/$1.conf" >p/DEBIAN/conffiles
  if [ "$1 $2" = 'rota-su-a 2' ]; then
    printf 'Template: rota-su-a/q\\nType: boolean\\nDefault: false\\nDescription: May it go on?\\n' >p/DEBIAN/templates
    printf '#!/bin/sh\\nset -e\\n. /usr/share/debconf/confmodule\\ndb_input critical rota-su-a/q || :\\ndb_go\\n' >p/DEBIAN/config
    cat >p/DEBIAN/postinst <<'POSTINST'
#!/bin/sh
set -e
${postinst}
POSTINST
    chmod 755 p/DEBIAN/config p/DEBIAN/postinst
  fi
  dpkg-deb -b p "repo/$1_$2.deb" >/dev/null
}
for name in rota-su-a rota-su-held kubelet; do pack "$name" 1; done
dpkg --force-confnew --force-confmiss -i repo/*.deb >/dev/null
for name in rota-su-a rota-su-held kubelet; do pack "$name" 2; done
apt-mark -q hold rota-su-held >/dev/null
echo 'by hand' >/etc/rota-su-a.conf
cd repo
for f in *.deb; do
  dpkg-deb -f "$f"
  printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' "$f" "$(wc -c <"$f")" "$(sha256sum "$f" | cut -d ' ' -f 1)"
done >Packages
printf 'Date: %s\\nSHA256:\\n %s %s Packages\\n' "$(date -Ru)" "$(sha256sum Packages | cut -d ' ' -f 1)" "$(wc -c <Packages)" >Release
echo 'deb [trusted=yes] file:/opt/rota-su/repo ./' >/etc/apt/sources.list.d/rota-su.list`

export const aptSourceGone = `dpkg -P --force-all rota-su-a rota-su-held kubelet >/dev/null 2>&1 || :
rm -rf /opt/rota-su /etc/apt/sources.list.d/rota-su.list /etc/rota-su-a.conf* /run/reboot-required* /run/rota-su*
apt-get update -q >/dev/null 2>&1 || :`

export const upgradeSystem = (
  host: string,
  args: readonly string[] = [],
  options: Parameters<typeof runPlaybook>[2] = {},
): Promise<PlaybookResult> =>
  runPlaybook(
    'test/lab/playbooks/system-upgrade.mjs',
    ['-l', host, '-e', 'system_upgrade=true', '-e', 'system_upgrade_lists_max_age=0', ...args],
    options,
  )

export const notes = ({ events }: PlaybookResult): string =>
  events.flatMap(event => (event.kind === 'note' ? [`${event.host ?? ''}: ${event.text}`] : [])).join('\n')
export const summaries = ({ events }: PlaybookResult): string =>
  events.flatMap(event => (event.kind === 'task' ? [`${event.task}: ${event.summary ?? ''}`] : [])).join('\n')
export const last = (result: PlaybookResult, host: string) => {
  const { outcome, changed } = totals(result).get(host) ?? {}
  return [outcome, changed]
}

/** A container does not come back by itself. Gives how often it went down until `over`. */
export async function comesBack(host: string, over: Promise<unknown>): Promise<number> {
  const container = `rota-${testLab}-${host}`
  let [boots, isOver] = [0, false]
  const done = over
    .catch(() => {})
    .finally(() => {
      isOver = true
    })
  while (!isOver) {
    const { stdout } = await execa('docker', ['inspect', '-f', '{{.State.Running}}', container])
    if (stdout === 'false') {
      await execa('docker', ['start', container])
      boots += 1
    }
    await sleep(200)
  }
  await done
  return boots
}

export const until = async (what: string, seconds: number, holds: () => Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + seconds * 1000; !(await holds().catch(() => false)); await sleep(200))
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`)
}

export const versions = (host: string) =>
  inHost(host, "dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\\n' rota-su-a rota-su-held kubelet")
