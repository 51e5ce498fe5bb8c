import { mastersOf } from '../../../lib/cluster/index.ts'
import type { Wish } from '../../../lib/pki/index.ts'
import { lifetimeOf, type MasterPrepared, prepareMasters, servedNames } from '../../credentials/certificates.ts'
import { type Maker, maker } from '../../credentials/maker.ts'
import type { Preparing } from '../../preparing.ts'

/** What static pods need besides: who makes the credentials that no master has. */
export interface StaticPodsPrepared extends MasterPrepared {
  readonly maker: Maker
}

/** As for units, but for the API server's certificate: that one is among the credentials that masters share. */
export async function prepareStaticPods(context: Preparing): Promise<StaticPodsPrepared> {
  const prepared = await prepareMasters(context, wish => !wish.name.endsWith('/apiserver'))
  const params = context.hosts[0]?.params
  const names = params
    ? servedNames(params, context.inventory, mastersOf(context.inventory, params.leaving))
    : { names: [], addresses: [] }
  const wishes: Record<'server' | 'kubecfg', Wish> = {
    server: { name: 'server', ca: 'ca', subject: { commonName: 'kube-apiserver' }, ...names, usages: ['server'] },
    kubecfg: {
      name: 'kubecfg',
      ca: 'ca',
      subject: { commonName: 'kubecfg', organization: 'system:masters' },
      names: [],
      addresses: [],
      usages: ['client'],
    },
  }
  return { ...prepared, maker: maker(wishes, prepared.pair('ca'), lifetimeOf(params)) }
}
