import { assert, computed, facts, file, type HostView, type InventoryView, type Task } from 'rota'
import { cluster, httpsUrl, withV } from '../lib/cluster/index.ts'
import { ownKubectlWords } from '../lib/cluster/kubectl.ts'
import { isOlder } from './kubeadm/skew.ts'
import { manifestOf } from './methods/static-pods/running.ts'

type Context = { readonly host: HostView; readonly inventory: InventoryView }

/** On a new master: whose place it takes. Without it one that serves already would be taken for the new one. */
const record = '/var/lib/rota/takes-the-place-of'

/**
 * Tasks for a play: the host is no master yet, or an earlier run has begun to put it in the place of this one. With a
 * master that served before nobody would take the place of the one that leaves: the cluster would have one less.
 */
export const mayTakeThePlaceOf =
  (old: string) =>
  ({ host, inventory }: Context): readonly Task[] => {
    const { manifestDir } = inventory.cluster(cluster, host)
    return [
      assert({
        that: `${host.name} is a master by taking the place of ${old}, or none yet`,
        holds: computed(
          {
            record: facts.path({ path: record, content: true }),
            manifest: facts.path({ path: manifestOf(manifestDir, 'kube-apiserver') }),
            unit: facts.path({ path: '/etc/systemd/system/kube-apiserver.service' }),
          },
          ({ record, manifest, unit }) => {
            if (manifest.type === 'absent' && unit.type === 'absent') return undefined
            const recorded = Buffer.from(facts.bytesOf(record) ?? new Uint8Array()).toString()
            return recorded === recordOf(old)
              ? undefined
              : `${host.name} is a master already, and not by taking the place of ${old}: name a host that is none, or take ${old} out with nobody in its place (remove-master.mjs -e node=${old})`
          },
        ),
      }),
    ]
  }

/** Written down before the new master joins, so that the same command goes on wherever it was cut short. */
export const takesThePlaceOf = (old: string): Task =>
  file({ path: record, content: recordOf(old), mode: '0600', backup: false })

const recordOf = (old: string): string => `${old}\n`

/**
 * Tasks for a play: the master runs the version that is asked for. A new one joins with that, and those that stay are
 * written to, too: with another one they would be upgraded on the way, without the programs for it.
 */
export const runsTheVersion = ({ host, inventory }: Context): readonly Task[] => {
  const values = inventory.cluster(cluster, host)
  const { apiserverPort, kubeConfigDir, anonymousAuth, kubeVersion } = values
  if (kubeVersion === undefined) return []
  return [
    assert({
      that: `the API server of ${host.name} is ${withV(kubeVersion)}`,
      holds: computed(
        {
          told: facts.http({
            url: httpsUrl(host.address, apiserverPort, '/version'),
            address: '127.0.0.1',
            ca: `${kubeConfigDir}/pki/ca.crt`,
            timeout: 5,
          }),
          // Where nobody is told without credentials; else nothing is asked.
          asked: facts.command({
            run: anonymousAuth ? ['false'] : [...ownKubectlWords(values), 'get', '--raw', '/version'],
            timeout: 15,
          }),
        },
        ({ told, asked }) => {
          const version = versionIn(told.type === 'answered' ? told.body : '') ?? versionIn(asked.stdout)
          if (version === undefined) return `the API server of ${host.name} does not tell its version`
          return isOlder(version, kubeVersion) || isOlder(kubeVersion, version)
            ? `the API server of ${host.name} is ${version}, and ${withV(kubeVersion)} is asked for: a master is replaced by one of its version, so say -e kube_version=${version}`
            : undefined
        },
      ),
    }),
  ]
}

const versionIn = (text: string): string | undefined => /"gitVersion": *"(v\d+\.\d+\.\d+[^"\s]*)"/.exec(text)?.[1]
