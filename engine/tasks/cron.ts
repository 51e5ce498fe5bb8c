import { followed, path as pathFact } from '../facts/index.ts'
import { raw } from '../shell/index.ts'
import { absentFacts, planAbsent } from './absent.ts'
import { envProblems, stateProblems } from './checks.ts'
import { accountProblems } from './group.ts'
import { installFact, installFacts, planInstall } from './install.ts'
import { isSecretFile } from './secret.ts'
import { type Change, defineTask, type PlanContext } from './task.ts'

export interface CronArgs {
  /** File in /etc/cron.d, one for each job: letters, digits, `-` and `_`, for cron passes over others. */
  readonly name: string
  /** Command line for `sh`, as crontab has it: a `%` begins what it reads, `\%` is one. Needed unless it is to go. */
  readonly job?: string
  /** Who runs it; default root. */
  readonly user?: string
  /** When, in crontab's words; default `*`, every one. */
  readonly minute?: string | number
  readonly hour?: string | number
  readonly day?: string | number
  readonly month?: string | number
  readonly weekday?: string | number
  /** Instead of a time. */
  readonly specialTime?: (typeof specialTimes)[number]
  /** For the job: `{ PATH: '/usr/sbin:/usr/bin', MAILTO: '' }`. */
  readonly env?: Readonly<Record<string, string>>
  /** Default present. */
  readonly state?: 'present' | 'absent'
  readonly secret?: boolean
}

const specialTimes = ['reboot', 'yearly', 'annually', 'monthly', 'weekly', 'daily', 'hourly'] as const
const fields = ['minute', 'hour', 'day', 'month', 'weekday'] as const

/**
 * A job of cron, in a file of its own under /etc/cron.d; the daemon sees that by itself. Where systemd runs the host, a
 * `timer` has a journal and does not run twice at once.
 *
 * Facts: one path. A change: the file differs, or is there. Refused: the host has no /etc/cron.d, unless an earlier
 * task (the package cron or cronie) may bring it. Source: `man 5 crontab`, Ansible's `cron` with `cron_file`.
 */
export const cron = defineTask<CronArgs>({
  name: 'cron',
  title: args => `cron ${args.name}${args.state === 'absent' ? ' absent' : ''}`,
  // They stand in the file alone.
  unseen: ['job', 'env'],
  check: args => [
    ...stateProblems(args.state),
    ...(/^[A-Za-z0-9_-]+$/.test(args.name)
      ? []
      : [`name: ${JSON.stringify(args.name)} is not a name that cron reads: letters, digits, - and _`]),
    ...(args.user === undefined ? [] : accountProblems('user', args.user)),
    ...(args.state === 'absent' ? [] : jobProblems(args.job)),
    ...fields.flatMap(field => timeProblems(field, args[field])),
    ...(args.specialTime === undefined || specialTimes.includes(args.specialTime)
      ? []
      : [`specialTime: ${JSON.stringify(args.specialTime)} is none of ${specialTimes.join(', ')}`]),
    ...(args.specialTime !== undefined && fields.some(field => args[field] !== undefined)
      ? [`specialTime: has no ${fields.join(', ')} beside it`]
      : []),
    ...envProblems(args.env),
    ...Object.entries(args.env ?? {}).flatMap(([name, value]) =>
      /["\r\n]/.test(value) ? [`env: ${name} must be one line without a quotation mark`] : [],
    ),
  ],
  facts: (args, context) =>
    args.state === 'absent'
      ? absentFacts({ path: pathOf(args) })
      : [...installFacts(pathOf(args), contentOf(args), diffed(args, context)), folder],
  plan: (args, facts, context): Change | undefined => {
    const path = pathOf(args)
    if (args.state === 'absent') return planAbsent({ path }, facts)
    if (followed(facts.get(folder)).type === 'absent' && !context.changed)
      return {
        summary: 'cannot be written',
        apply: raw(':'),
        refused: `${folderPath} does not exist: install cron first (the package cron, or cronie)`,
      }
    const content = Buffer.from(contentOf(args))
    const secret = isSecretFile(args.secret, content, context)
    return planInstall(
      { path, content, mode: secret ? '0600' : '0644', secret },
      facts.get(installFact(path, content, diffed(args, context))),
      facts,
      context,
    )
  },
})

const folderPath = '/etc/cron.d'
const folder = pathFact({ path: folderPath })
const pathOf = ({ name }: CronArgs): string => `${folderPath}/${name}`

const contentOf = ({ job = '', user = 'root', specialTime, env = {}, ...args }: CronArgs): string =>
  [
    ...Object.entries(env).map(([name, value]) => `${name}="${value}"`),
    `${specialTime === undefined ? fields.map(field => args[field] ?? '*').join(' ') : `@${specialTime}`} ${user} ${job}`,
    '',
  ].join('\n')

const jobProblems = (job: string | undefined): readonly string[] => {
  if (job === undefined || job.trim() === '') return ['job: is needed']
  return /[\r\n]/.test(job) ? ['job: must be one line'] : []
}

const timeProblems = (field: string, time: string | number | undefined): readonly string[] =>
  time === undefined || /^[A-Za-z0-9*,/~-]+$/.test(String(time))
    ? []
    : [`${field}: ${JSON.stringify(time)} is not a time of crontab`]

const diffed = (args: CronArgs, { diff }: Pick<PlanContext, 'diff'>): boolean => diff && !args.secret
