import { sysctl as sysctlFact, sysctlPath, sysctlValue } from '../facts/index.ts'
import { lines, sh } from '../shell/index.ts'
import { installFact, installFacts, planInstall } from './install.ts'
import { type Change, defineTask } from './task.ts'

export interface SysctlArgs {
  /** File under /etc/sysctl.d, without `.conf`: `60-keepalived`. One for each concern: the task owns the whole file. */
  readonly file: string
  /** `{ 'net.ipv4.ip_nonlocal_bind': 1 }`. An interface whose name has dots: `net/ipv4/conf/eth0.100/rp_filter`. */
  readonly values: Readonly<Record<string, string | number>>
}

/**
 * Kernel parameters, now and after the next boot.
 *
 * Facts: the running values (one `grep`), the file. A change: a running value or the file differs. Refused: the kernel
 * has no such key, unless an earlier task (a kernel module) may bring it. A file that sorts later may say otherwise at
 * boot: only the running value is proven. Source: `man sysctl.d`, Ansible's `sysctl`.
 */
export const sysctl = defineTask<SysctlArgs>({
  name: 'sysctl',
  title: args => `sysctl ${args.file}`,
  check: args => [
    ...(/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(args.file)
      ? []
      : [`file: ${JSON.stringify(args.file)} is not a plain name`]),
    ...(Object.keys(args.values).length === 0 ? ['values: is empty'] : []),
    ...Object.entries(args.values).flatMap(([key, value]) => [
      ...(/^[A-Za-z0-9_-]+([./][A-Za-z0-9_.:@*-]+)+$/.test(key) && !key.includes('..')
        ? []
        : [`values: ${JSON.stringify(key)} is not a kernel parameter`]),
      ...(/[\r\n]/.test(String(value)) ? [`values: ${key} must be one line`] : []),
    ]),
  ],
  facts: (args, { diff }) => [
    ...keysOf(args).map(key => sysctlFact({ key })),
    ...installFacts(pathOf(args), contentOf(args), diff),
  ],
  plan: (args, facts, context): Change | undefined => {
    const states = keysOf(args).map(key => ({
      key,
      value: sysctlValue(args.values[key] ?? ''),
      now: facts.get(sysctlFact({ key })).value,
    }))
    const different = states.filter(({ value, now }) => now !== value)
    const content = Buffer.from(contentOf(args))
    const fact = facts.get(installFact(pathOf(args), content, context.diff))
    // systemd makes /etc/sysctl.d; a system without it gets it here.
    const written = planInstall(
      { path: pathOf(args), content, mode: '0644', before: sh`mkdir -p /etc/sysctl.d` },
      fact,
      facts,
      { ...context, changed: true },
    )
    if (different.length === 0 && written === undefined) return undefined
    const missing = different.filter(({ now }) => now === undefined)
    const refused =
      missing.length > 0 && !context.changed
        ? `the kernel has no ${missing.map(({ key }) => key).join(', ')}: is a module missing?`
        : written?.refused
    return {
      summary: [
        ...different.map(({ key, value, now }) => `${key} ${now ?? '(none)'} → ${value}`),
        ...(written === undefined ? [] : [`${pathOf(args)} ${written.summary}`]),
      ].join(', '),
      apply: lines([
        ...different.map(({ key, value }) => sh`printf '%s\n' ${value} > ${sysctlPath(key)}`),
        ...(written === undefined ? [] : [written.apply]),
      ]),
      ...(written?.diff === undefined ? {} : { diff: written.diff }),
      ...(written === undefined ? {} : { keeps: 'part' }),
      ...(refused === undefined ? {} : { refused }),
    }
  },
})

const keysOf = (args: SysctlArgs): readonly string[] => Object.keys(args.values)
const pathOf = (args: SysctlArgs): string => `/etc/sysctl.d/${args.file.replace(/\.conf$/, '')}.conf`
const contentOf = (args: SysctlArgs): string =>
  `${Object.entries(args.values)
    .map(([key, value]) => `${key} = ${sysctlValue(value)}`)
    .join('\n')}\n`
