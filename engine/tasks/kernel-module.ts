import { kernelModule as moduleFact, moduleName } from '../facts/index.ts'
import { lines, sh } from '../shell/index.ts'
import { installFact, installFacts, planInstall } from './install.ts'
import { type Change, defineTask } from './task.ts'

export interface KernelModuleArgs {
  /** `br_netfilter`. */
  readonly name: string
  /** Load it at boot too (/etc/modules-load.d/NAME.conf); default true. */
  readonly atBoot?: boolean
}

/**
 * A kernel module loaded, now and after the next boot. One that is part of the kernel is loaded.
 *
 * Facts: the module, the file. A change: it is not loaded, or the file differs. Refused: the kernel has no such module
 * (in a container: load it on the machine). Source: `man modules-load.d`, Ansible's `modprobe`.
 */
export const kernelModule = defineTask<KernelModuleArgs>({
  name: 'kernelModule',
  title: args => `kernel module ${args.name}`,
  check: args =>
    /^[A-Za-z0-9_-]+$/.test(args.name) ? [] : [`name: ${JSON.stringify(args.name)} is not a kernel module`],
  facts: args => [
    moduleFact({ name: args.name }),
    ...(args.atBoot === false ? [] : installFacts(pathOf(args), contentOf(args), false)),
  ],
  plan: (args, facts, context): Change | undefined => {
    const { state } = facts.get(moduleFact({ name: args.name }))
    const written =
      args.atBoot === false
        ? undefined
        : planInstall(
            {
              path: pathOf(args),
              content: Buffer.from(contentOf(args)),
              mode: '0644',
              before: sh`mkdir -p /etc/modules-load.d`,
            },
            facts.get(installFact(pathOf(args), contentOf(args), false)),
            facts,
            { diff: false, changed: true },
          )
    const load = state === 'available' || state === 'missing'
    if (!load && written === undefined) return undefined
    const refused =
      state === 'missing' && !context.changed ? `this kernel has no module ${args.name}` : written?.refused
    return {
      summary: [...(load ? ['not loaded'] : []), ...(written === undefined ? [] : ['not loaded at boot'])].join(', '),
      apply: lines([
        ...(load ? [sh`modprobe ${moduleName(args.name)}`] : []),
        ...(written === undefined ? [] : [written.apply]),
      ]),
      ...(written === undefined ? {} : { keeps: 'part' }),
      ...(refused === undefined ? {} : { refused }),
    }
  },
})

const pathOf = (args: KernelModuleArgs): string => `/etc/modules-load.d/${args.name}.conf`
const contentOf = (args: KernelModuleArgs): string => `${args.name}\n`
