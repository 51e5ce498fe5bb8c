import { raw, type Shell, sh } from 'rota'

/**
 * What a host undoes by itself should the control machine not come back to do it. Every net of the roles that waits is
 * made here; all of them are listed in docs/safety-nets.md.
 */
export interface SafetyNet {
  /** Says what is undone, such as `undrain-6443`: part of the name of a unit and of a file. */
  readonly name: string
  /** Seconds until it acts. */
  readonly seconds: number
  /** Shell text that succeeds when it may act: it is asked again and again. Default: at once. */
  readonly when?: Shell
  /** Shell text that undoes, and may be run twice. Where it fails it is tried again. */
  readonly undo: Shell
}

/**
 * As long as the run that has armed it is still on the host, a net waits: this many times its seconds in all. One that
 * hangs is not waited for.
 */
export const netPatience = 3

/** Seconds between two looks of a net that waits. */
const often = ({ seconds }: SafetyNet): number => Math.min(30, seconds)

const directory = '/run/rota'
// The kernel has forgotten what it was told after a reboot, and so has /run.
const scripts = (name: string): Shell => sh`${`${directory}/${name}`}-????????`

/**
 * Fails where there is no systemd, whose timers the nets are: what could not be undone by itself is then better not
 * begun.
 */
export const canArm = raw('[ -d /run/systemd/system ] && command -v systemd-run >/dev/null')

/**
 * Shell text that arms a net. The unit has one word that is ours, the name of a script: systemd writes a transient
 * unit's command down anew at every daemon-reload, and does not get one with newlines right. Timers count from now by
 * the monotonic clock. A net of the same name, which a dead run has left, is called off only once this one is armed.
 */
export const arm = (net: SafetyNet): Shell => sh`set -eu
install -d -o 0 -g 0 -m 0700 ${directory}
new=$(mktemp ${`${directory}/${net.name}-XXXXXXXX`})
begun() {
  read -r stat <"/proc/$1/stat"
  set -- \${stat##*) }
  shift 19
  echo "$1"
}
read -r up _ </proc/uptime
printf '%s\\n' "run=$$ begun=$(begun $$) latest=$((\${up%%.*} + ${netPatience * net.seconds})) unit=rota-\${new##*/}" ${script(net)} >"$new"
chmod 0700 "$new"
systemd-run --quiet --collect --unit="rota-\${new##*/}" --property=Type=oneshot --timer-property=AccuracySec=1s \
  --on-active=${net.seconds} --on-unit-inactive=${often(net)} /bin/sh "$new" || { rm -f "$new"; exit 1; }
for script in ${scripts(net.name)}; do [ "$script" = "$new" ] || ${takeDown}; done`

/**
 * Shell text that calls a net off and says so; it says nothing where there is none, because it has acted or never was.
 */
export const callOff = (name: string): Shell => sh`for script in ${scripts(name)}; do
  if [ -e "$script" ]; then ${takeDown}; echo "called off \${script##*/}"; fi
done`

// The script goes last: it is what a net is found by.
const takeDown = raw(
  `{ systemctl stop "rota-\${script##*/}.timer" "rota-\${script##*/}.service" 2>/dev/null || :; rm -f "$script"; }`,
)

/** A function, so that all of it has been read before the file goes. */
const script = ({ when = raw(':'), undo }: SafetyNet): string => `
# The process of the run, and not another one that has got its number.
works() {
  read -r stat 2>/dev/null <"/proc/$run/stat" || return 1
  set -- \${stat##*) }
  shift 19
  [ "$1" = "$begun" ]
}
act() {
  read -r up _ </proc/uptime
  if [ "\${up%%.*}" -lt "$latest" ] && works; then return; fi
  if ! (
${when.text}
  ); then return; fi
  if ! (
${undo.text}
  ); then return; fi
  systemctl stop "$unit.timer" && rm -f "${directory}/\${unit#rota-}"
}
act`
