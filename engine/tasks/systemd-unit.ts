import { followed, path as pathFact, unit } from '../facts/index.ts'
import { lines, raw, sh } from '../shell/index.ts'
import { unitProblems } from './checks.ts'
import { installFact, installFacts, planInstall } from './install.ts'
import { isSecretFile } from './secret.ts'
import { type Computed, defineTask, factsOf, isComputed, type PlanContext, resolved } from './task.ts'
import { unitName } from './unit-script.ts'

export interface SystemdUnitArgs {
  /** `keepalived.service`; `.service` is added where there is no ending. A template (`proxy@.service`) is fine here. */
  readonly name: string
  readonly content: string | Computed<string>
  /** Name of a drop-in: the content goes to `NAME.d/DROPIN.conf` beside the unit's own file. */
  readonly dropIn?: string
  /**
   * Shell command that checks the new file, as with `file`. `systemd-analyze verify` needs the programs to be there
   * already.
   */
  readonly validate?: string
  readonly secret?: boolean
}

/**
 * A unit file (or a drop-in) in /etc/systemd/system, and the daemon-reload that goes with it, in one change. Enabling
 * and starting is `service`'s business; a restart after a new version is the handler's: `notify`.
 *
 * Facts: one path, one unit. A change: the content differs, or systemd has not read the file since it changed.
 * Source: `man systemd.unit`; Ansible: `copy` + `systemd: daemon_reload`.
 */
export const systemdUnit = defineTask<SystemdUnitArgs>({
  name: 'systemdUnit',
  title: args => (args.dropIn === undefined ? `unit ${args.name}` : `unit ${args.name}, drop-in ${args.dropIn}`),
  check: args => [
    ...unitProblems(isTemplate(args) ? args.name.replace('@', '@x') : args.name),
    ...(args.dropIn === undefined || /^[A-Za-z0-9._-]+$/.test(args.dropIn)
      ? []
      : [`dropIn: ${JSON.stringify(args.dropIn)} is not a plain name`]),
    ...(!isComputed(args.content) && !/^\s*\[[A-Z]\w*\]/m.test(args.content)
      ? ['content: has no section such as [Service]']
      : []),
  ],
  unseen: ['content'],
  facts: (args, context) => [
    ...installFacts(pathOf(args), args.content, diffed(args, context)),
    pathFact({ path: folder }),
    ...factsOf<string>(args.content),
    ...(isTemplate(args) ? [] : [unit({ name: unitName(args.name) })]),
  ],
  plan: (args, facts, context) => {
    const path = pathOf(args)
    const reload = raw('systemctl daemon-reload')
    if (followed(facts.get(pathFact({ path: folder }))).type === 'absent' && !context.changed)
      return {
        summary: 'cannot be written',
        apply: raw(':'),
        refused: `${folder} does not exist: this host has no systemd`,
      }
    const content = Buffer.from(resolved<string>(args.content, facts))
    const secret = isSecretFile(args.secret, content, context)
    const written = planInstall(
      {
        path,
        content,
        mode: secret ? '0600' : '0644',
        ...(args.validate === undefined ? {} : { validate: args.validate }),
        secret,
        // A drop-in brings its directory.
        ...(args.dropIn === undefined
          ? {}
          : { before: sh`(umask 022; mkdir -p ${`${folder}/${unitName(args.name)}.d`})` }),
        // In an image that is only prepared, systemd does not run: it reads the file when it starts.
        after: lines([raw('[ ! -d /run/systemd/system ] || systemctl daemon-reload')]),
      },
      facts.get(installFact(path, args.content, diffed(args, context))),
      facts,
      args.dropIn === undefined ? context : { ...context, changed: true },
    )
    if (written !== undefined) return written
    const fact = isTemplate(args) ? undefined : facts.get(unit({ name: unitName(args.name) }))
    return fact?.type === 'unit' && fact.needDaemonReload ? { summary: 'daemon-reload', apply: reload } : undefined
  },
})

const folder = '/etc/systemd/system'
const isTemplate = (args: SystemdUnitArgs): boolean => unitName(args.name).includes('@.')
const pathOf = (args: SystemdUnitArgs): string =>
  args.dropIn === undefined
    ? `${folder}/${unitName(args.name)}`
    : `${folder}/${unitName(args.name)}.d/${args.dropIn.replace(/\.conf$/, '')}.conf`

const diffed = (args: SystemdUnitArgs, { diff }: Pick<PlanContext, 'diff'>): boolean => diff && !args.secret
