import type { RemoteShell } from 'rota'

/**
 * An API server takes connections on its own host, whoever runs it: a unit, a static pod, kubeadm. Any answer will do:
 * one that is not ready, or wants to know who asks, serves all the same.
 */
export async function serves($: RemoteShell, port: number): Promise<boolean> {
  const url = `https://127.0.0.1:${port}/readyz`
  const answer = await $`if command -v curl >/dev/null; then curl -ks --noproxy '*' --max-time 5 -o /dev/null ${url}
else ss -Hltn ${`sport = :${port}`} | grep -q .; fi`.nothrow()
  return answer.exitCode === 0
}
