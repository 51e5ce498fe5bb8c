import { facts, type HostView } from 'rota'
import { httpUrl, type ReadyFacts, readyz } from '../lib/cluster/index.ts'
import { type NginxConf, upstreamPort } from './nginx.conf.ts'

type Upstream = Pick<NginxConf, 'protocol' | 'apiserverPort' | 'insecurePort'> & { readonly kubeConfigDir: string }

/**
 * How a master is asked whether it is ready, on that master itself: by what the proxy leads to. An insecure port is
 * older than /readyz.
 */
export const readyFact = (conf: Upstream, master: HostView): ReadyFacts['ready'] =>
  conf.protocol === 'http'
    ? facts.http({ url: httpUrl(master.address, upstreamPort(conf), '/healthz'), status: 200, timeout: 5 })
    : readyz(master, conf.apiserverPort, `${conf.kubeConfigDir}/pki/ca.crt`)
