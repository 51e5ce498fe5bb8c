import { command, facts, type HostView, type InventoryView, quote, raw, type Step, step, type Task } from 'rota'
import { staysNode } from '../../lib/cluster/index.ts'
import type { Params } from '../daemons/daemons.ts'

type At = Pick<Params, 'kubeConfigDir'>

/** What a file has that gives whoever reads it a part of the cluster: keys, tokens, the key of its secrets. */
const secret =
  'PRIVATE KEY-----|client-key-data:|certificateKey:|kind: *EncryptionConfig|^ *-? *"?token"?: *"?[^ ]|[^a-z0-9][a-z0-9]{6}\\.[a-z0-9]{16}([^a-z0-9]|$)'

const kubeconfigs = ['admin', 'super-admin', 'controller-manager', 'scheduler', 'kubelet', 'bootstrap-kubelet']

/** Directories in which everything of the cluster's keys is, copies that were made for a backup among them. */
function directoriesOf(
  { kubeConfigDir }: At,
  host: HostView,
  inventory: InventoryView,
  stays: boolean,
): readonly string[] {
  // Those of a member are taken with it, after this.
  const isMember = inventory.group('etcd').some(member => member.name === host.name)
  return [kubeConfigDir, ...(stays ? [] : ['/var/lib/kubelet']), ...(isMember ? [] : ['/etc/ssl/etcd'])]
}

/** What the kubelet of a node goes by, and what kubespray has it join with. */
const kubelets = ['kubelet.conf', 'kubeadm-client.conf']

/**
 * Shell text: files with a key, by what is in them or by a kubeconfig's name, whatever stands behind it. Those of its
 * kubelet stay on a host that `stays` a node.
 */
const withKeys = (params: At, directories: readonly string[], stays: boolean): string =>
  `{ grep -rlsE -- ${quote(secret)} ${directories.map(quote).join(' ')} || :
  for name in ${kubeconfigs.join(' ')}; do
    for file in ${quote(params.kubeConfigDir)}/"$name".conf*; do [ ! -f "$file" ] || printf '%s\\n' "$file"; done
  done
  ${stays ? ':' : 'find /var/lib/kubelet/pki -type l 2>/dev/null || :'}
} | ${stays ? `grep -vxF ${kubelets.map(name => `-e ${quote(`${params.kubeConfigDir}/${name}`)}`).join(' ')} | ` : ''}sort -u`

const timer = 'k8s-certs-renew.timer'

/** After the reset: no key of the cluster is left in any file, copies and backups of whoever among them. */
export const noKeysAreLeft = (
  params: At & Pick<Params, 'leaving'>,
  host: HostView,
  inventory: InventoryView,
): readonly (Step | Task)[] => {
  const stays = staysNode(host, inventory, params.leaving)
  const find = withKeys(params, directoriesOf(params, host, inventory, stays), stays)
  return [
    // kubespray's; a master that it has not made has none.
    command({
      title: 'no timer renews certificates',
      why: `${timer} does`,
      onlyIf: `[ -e /etc/systemd/system/${timer} ] && { systemctl -q is-active ${timer} || systemctl -q is-enabled ${timer}; }`,
      run: `systemctl -q disable --now ${timer}`,
    }),
    step({
      title: 'no key of the cluster is left',
      facts: { found: facts.command({ run: find, timeout: 60 }) },
      needed: ({ found }) => found.stdout !== '' && found.stdout.split('\n').join(', '),
      run: async ({ $, say }) => {
        const { stdout } =
          await $`${raw(find)} | while IFS= read -r file; do rm -f "$file" && printf '%s\n' "$file"; done`
        const left = (await $`find ${params.kubeConfigDir} -type f 2>/dev/null | sed -n 1,40p`.nothrow()).stdout.trim()
        if (left !== '')
          say(`${host.name}: these files are left, nothing in them looks like a key: ${left.split('\n').join(', ')}`)
        return { summary: stdout.trim().split('\n').join(', ') }
      },
    }),
  ]
}

/**
 * Before the reset, which takes the administrator's own away: kubeconfigs that users of the host have of this cluster.
 * One that has other clusters too is told, and stays.
 */
export const noKubeconfigsOfUsers = ({ kubeConfigDir }: At): Step => {
  const find = `ca=$(sed -n 's/^ *certificate-authority-data: *//p' ${quote(`${kubeConfigDir}/admin.conf`)} 2>/dev/null | sed -n 1p)
[ -n "$ca" ] || exit 0
for file in /root/.kube/config /home/*/.kube/config; do
  grep -qsF -- "$ca" "$file" || continue
  [ "$(grep -cE '^ *-? *server: ' "$file")" -le 1 ] && echo "one $file" || echo "more $file"
done`
  const filesOf = (said: string, kind: string): readonly string[] =>
    said.split('\n').flatMap(line => (line.startsWith(`${kind} `) ? line.slice(kind.length + 1) : []))
  return step({
    title: 'no user has a kubeconfig of the cluster',
    facts: { found: facts.command({ run: find }) },
    needed: ({ found }) => found.stdout !== '' && found.stdout.replaceAll('\n', ', '),
    run: async ({ $, host, say }) => {
      const { stdout } = await $`sh -c ${find}`
      const [own, shared] = [filesOf(stdout, 'one'), filesOf(stdout, 'more')]
      if (shared.length > 0)
        say(`${host.name}: ${shared.join(', ')} has other clusters besides this one: take this one out by hand`)
      if (own.length === 0) return { changed: false }
      await $`rm -f ${own}`
      return { summary: own.join(', ') }
    },
  })
}
