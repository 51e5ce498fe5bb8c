import { facts, type Step, step } from 'rota'

/** A snapshot has every secret of the cluster, and may be the only one: the operator takes it elsewhere. */
export const snapshotsStay = (host: string, dir: string): Step =>
  step({
    title: 'backups of etcd',
    facts: {
      kept: facts.command({ run: ['sh', '-c', 'ls -d "$0"/etcd-* "$0"/rota-etcd 2>/dev/null | head -n 20; :', dir] }),
    },
    needed: ({ kept }) => kept.stdout.trim() !== '' && 'there are some',
    run: async ({ say }) => {
      say(`${host}: backups of etcd in ${dir} have every secret of the cluster: take them elsewhere, or remove them`)
      return { changed: false }
    },
  })
