import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { countOf } from './output.ts'

export interface UnitArgs {
  /** With its ending: `haproxy.service`. */
  readonly name: string
}

/** The state of a unit, or that the host has no systemd. */
export type UnitFact = Unit | NoSystemd

export interface NoSystemd {
  readonly type: 'unavailable'
  readonly reason: string
}

/** Properties of the unit in systemd's words (`man org.freedesktop.systemd1`). */
export interface Unit {
  readonly type: 'unit'
  readonly id: string
  /** `loaded`, `not-found`, `bad-setting`, `error`, `masked`. */
  readonly loadState: string
  /** `active`, `reloading`, `inactive`, `failed`, `activating`, `deactivating`. */
  readonly activeState: string
  /** `running`, `exited`, `dead`, `auto-restart`, … */
  readonly subState: string
  /** `enabled`, `disabled`, `static`, `masked`, … ; empty when there is no unit file. */
  readonly unitFileState: string
  readonly needDaemonReload: boolean
  readonly canReload: boolean
  /** Path of the unit file, or empty. */
  readonly fragmentPath: string
  readonly dropInPaths: readonly string[]
  readonly mainPid: number
  /** Automatic restarts since it was started by hand. */
  readonly restarts: number
}

/** State of systemd units: one `systemctl show` for all of them. */
export const unit = defineFact<UnitArgs, UnitFact>({
  name: 'unit',
  lasting: fact => ({ ...fact, mainPid: undefined, restarts: undefined }),
  probe: args => {
    const names = [...new Set(args.map(item => item.name))].map(quote).join(' ')
    const show = `LC_ALL=C systemctl show --no-pager -p ${properties} -- ${names}`
    return `if ! command -v systemctl >/dev/null 2>&1; then echo 'unavailable systemctl is not installed'
elif out=$(${show} 2>/dev/null); then printf 'units\\n%s\\n' "$out"
else printf 'unavailable %s\\n' "$(${show} 2>&1 >/dev/null | tr '\\n' ' ')"; fi`
  },
  parse: (output, args) => {
    const unavailable = /^unavailable (.*)/.exec(output)
    if (unavailable) {
      const reason = unavailable[1]?.trim() || 'systemctl failed'
      return args.map(() => ({ type: 'unavailable', reason }))
    }
    const names = [...new Set(args.map(item => item.name))]
    const blocks = output
      .replace(/^units\n/, '')
      .split(/\n\n+/)
      .filter(block => block.trim() !== '')
    // Blocks come in the order of the names; an alias answers with another Id.
    if (blocks.length !== names.length)
      throw new Error(
        `systemctl show answered ${blocks.length} units when asked for ${names.length}: ${names.join(' ')}`,
      )
    const units = new Map(blocks.map((block, index) => [names[index], readUnit(block)]))
    return args.map(item => units.get(item.name) ?? readUnit(''))
  },
})

const properties =
  'Id,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,CanReload,FragmentPath,DropInPaths,MainPID,NRestarts'

function readUnit(block: string): Unit {
  const values = new Map(
    block.split('\n').map(line => {
      const equals = line.indexOf('=')
      return [line.slice(0, equals), line.slice(equals + 1)]
    }),
  )
  const text = (name: string): string => values.get(name) ?? ''
  const number = (name: string): number => (text(name) === '' ? 0 : countOf(text(name), name))
  return {
    type: 'unit',
    id: text('Id'),
    loadState: text('LoadState'),
    activeState: text('ActiveState'),
    subState: text('SubState'),
    unitFileState: text('UnitFileState'),
    needDaemonReload: text('NeedDaemonReload') === 'yes',
    canReload: text('CanReload') === 'yes',
    fragmentPath: text('FragmentPath'),
    dropInPaths: text('DropInPaths').split(' ').filter(Boolean),
    mainPid: number('MainPID'),
    restarts: number('NRestarts'),
  }
}
