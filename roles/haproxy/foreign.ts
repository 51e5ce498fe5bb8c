import { assert, computed, facts } from 'rota'

/**
 * A group may be called load_balancer for another reason: without a virtual address nothing else says that its haproxy
 * is to be ours. One that serves something else is not taken over. Ours and the documents' serve Kubernetes; a
 * package's own has no section, or an example.
 */
export const isNobodyElses = (config: string) =>
  assert({
    that: `${config} is nobody else's`,
    holds: computed({ config: facts.path({ path: config, content: true }) }, seen => {
      const served = foreignSections(Buffer.from(facts.bytesOf(seen.config) ?? new Uint8Array()).toString())
      return served.length === 0
        ? undefined
        : `${config} serves something else (${served.join(', ')}), and there is no virtual address: this host is in the group load_balancer, which is for the load balancers of the masters. Name that group otherwise, set kube_vip_address, or move the file away`
    }),
  })

export function foreignSections(config: string): readonly string[] {
  const sections = [...config.matchAll(/^[ \t]*(?:listen|frontend|backend)[ \t]+(\S+)/gm)].map(([, name = '']) => name)
  if (sections.some(name => /^(kube|k8s)/.test(name))) return []
  return sections.filter(name => !example.includes(name))
}

/** Of the package in RHEL and its relatives. */
const example = ['main', 'static', 'app']
