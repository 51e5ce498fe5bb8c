import { path as pathFact, sysctl, tool } from '../facts/index.ts'
import { lines, sh } from '../shell/index.ts'
import { installFact, installFacts, planInstall } from './install.ts'
import { type Change, defineTask } from './task.ts'

export interface HostnameArgs {
  /** `master-1` or `master-1.example.com`: letters, digits and hyphens between dots, at most 64 characters. */
  readonly name: string
}

/**
 * The host's own name, now (the kernel's) and after the next boot (/etc/hostname). Not what others call it: see the
 * role etchosts.
 *
 * Facts: the running name (in the one `grep` of all sysctls), the file, whether systemd runs the host. A change: either
 * differs. Where systemd runs the host, `hostnamectl` sets the running name, so that what waits for a new name hears of
 * it; elsewhere, and where its daemon does not answer, `hostname` does. Refused: neither is installed. Source: `man
 * hostname.5`, Ansible's `hostname`.
 */
export const hostname = defineTask<HostnameArgs>({
  name: 'hostname',
  title: args => `hostname ${args.name}`,
  check: ({ name }) =>
    name.length <= 64 && name.split('.').every(label => /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label))
      ? []
      : [`name: ${JSON.stringify(name)} is not a name for a host`],
  facts: (args, { diff }) => [running, systemd, hostnamectl, plain, ...installFacts(file, contentOf(args), diff)],
  plan: (args, facts, context): Change | undefined => {
    const now = facts.get(running).value
    const content = Buffer.from(contentOf(args))
    const written = planInstall(
      { path: file, content, mode: '0644' },
      facts.get(installFact(file, content, context.diff)),
      facts,
      context,
    )
    if (now === args.name && written === undefined) return undefined
    const hasSystemd = facts.get(systemd).type === 'directory' && facts.get(hostnamectl).path !== undefined
    const hasPlain = facts.get(plain).path !== undefined
    const refused = hasSystemd || hasPlain ? written?.refused : 'neither hostnamectl nor hostname is installed'
    const setRunning = hasSystemd
      ? sh`hostnamectl set-hostname ${args.name} || hostname ${args.name}`
      : sh`hostname ${args.name}`
    return {
      summary: [
        ...(now === args.name ? [] : [`${now ?? '(none)'} → ${args.name}`]),
        ...(written === undefined ? [] : [`${file} ${written.summary}`]),
      ].join(', '),
      apply: lines([
        // First the file: hostnamectl writes it too, and keeps no backup.
        ...(written === undefined ? [] : [written.apply]),
        ...(now === args.name ? [] : [setRunning]),
      ]),
      ...(written?.diff === undefined ? {} : { diff: written.diff }),
      ...(written === undefined ? {} : { keeps: 'part' }),
      ...(refused === undefined ? {} : { refused }),
    }
  },
})

const file = '/etc/hostname'
const running = sysctl({ key: 'kernel.hostname' })
/** `man sd_booted`: there while systemd is what runs the host. */
const systemd = pathFact({ path: '/run/systemd/system' })
const hostnamectl = tool({ name: 'hostnamectl' })
const plain = tool({ name: 'hostname' })
const contentOf = ({ name }: HostnameArgs): string => `${name}\n`
