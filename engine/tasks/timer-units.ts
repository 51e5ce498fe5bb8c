export interface TimerArgs {
  /** `backup`: of the units backup.timer and backup.service. */
  readonly name: string
  /** A program and its arguments, or shell text for the host's `sh`. Needed unless the timer is to go. */
  readonly run?: string | readonly string[]
  /** When, in systemd's words (`man systemd.time`): `daily`, `Mon..Fri 03:30`. */
  readonly onCalendar?: string | readonly string[]
  /** After the boot, and after it has last begun: `15min`; a number means seconds. */
  readonly onBootSec?: string | number
  readonly onUnitActiveSec?: string | number
  /** Made up for at once where the host was down at the time. Default false. */
  readonly persistent?: boolean
  /** Later by as much as this, so that not all hosts begin at once. */
  readonly randomizedDelaySec?: string | number
  /** How exact the time is; default 1 min. */
  readonly accuracySec?: string | number
  /** Who runs it; default root. */
  readonly user?: string
  readonly env?: Readonly<Record<string, string>>
  readonly description?: string
  /** Default present. */
  readonly state?: 'present' | 'absent'
}

export const folder = '/etc/systemd/system'
export const namesOf = ({ name }: TimerArgs): readonly string[] => [`${name}.service`, `${name}.timer`]
export const pathsOf = (args: TimerArgs): readonly string[] => namesOf(args).map(name => `${folder}/${name}`)

/** The service and the timer, each with its whole text. */
export function filesOf(args: TimerArgs): readonly { readonly path: string; readonly content: string }[] {
  const { run = [], user, env = {}, description = args.name, onCalendar = [], ...times } = args
  const setting = (name: string, value: string | number | undefined): readonly string[] =>
    value === undefined ? [] : [`${name}=${value}`]
  const words = typeof run === 'string' ? ['/bin/sh', '-c', run] : run
  const texts = [
    [
      '[Unit]',
      `Description=${plain(description)}`,
      '',
      '[Service]',
      'Type=oneshot',
      ...setting('User', user),
      ...Object.entries(env).map(([name, value]) => `Environment=${quoted(plain(`${name}=${value}`))}`),
      `ExecStart=${[...words.slice(0, 1), ...words.slice(1).map(word => quoted(plain(word).replaceAll('$', '$$$$')))].join(' ')}`,
    ],
    [
      '[Unit]',
      `Description=${plain(`Timer of ${description}`)}`,
      '',
      '[Timer]',
      ...[onCalendar].flat().map(time => `OnCalendar=${time}`),
      ...setting('OnBootSec', times.onBootSec),
      ...setting('OnUnitActiveSec', times.onUnitActiveSec),
      ...setting('RandomizedDelaySec', times.randomizedDelaySec),
      ...setting('AccuracySec', times.accuracySec),
      ...(times.persistent ? ['Persistent=true'] : []),
      '',
      '[Install]',
      'WantedBy=timers.target',
    ],
  ]
  return pathsOf(args).map((path, index) => ({ path, content: `${(texts[index] ?? []).join('\n')}\n` }))
}

/** What systemd would put something else for (`man systemd.unit`). */
const plain = (text: string): string => text.replaceAll('%', '%%')

/** One word of a command line or of `Environment=` (`man systemd.syntax`). */
const quoted = (word: string): string =>
  /^[A-Za-z0-9_/:.,@=+-]+$/.test(word)
    ? word
    : `"${word.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')}"`
