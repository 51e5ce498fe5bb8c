import { defineTask, facts, sh } from 'rota'

/**
 * No configuration of a proxy at a path that may also be somebody else's: the distribution has an /etc/nginx/nginx.conf
 * too. Facts: one path with its content. A change: the file is there and names an upstream of a proxy to API servers,
 * ours or a document's.
 */
export const absentConfig = defineTask<{ readonly path: string }>({
  name: 'absentConfig',
  title: args => `no proxy to API servers in ${args.path}`,
  facts: args => [facts.path({ path: args.path, content: true })],
  plan: (args, seen) => {
    const content = facts.bytesOf(seen.get(facts.path({ path: args.path, content: true })))
    if (content === undefined || !proxy.test(Buffer.from(content).toString())) return undefined
    return {
      summary: `remove ${args.path}`,
      apply: sh`rota_backup ${args.path}
rm -f ${args.path}`,
      keeps: 'all',
    }
  },
})

// nginx: `upstream kube_apiserver`, `upstream kube-servers`; haproxy: `backend kube_api_backend`, `listen
// kube-apiserver`.
const proxy = /^[ \t]*(upstream|listen|frontend|backend)[ \t]+kube[-_](api|servers|master)/m
