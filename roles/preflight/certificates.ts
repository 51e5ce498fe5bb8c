import { type Check, type Finding, facts, hostCheck, quote } from 'rota'
import { list } from './list.ts'
import type { Params } from './params.ts'

/** No certificate that the upgrade goes by has ended. Of each only its end is read: no key leaves the host. */
export const certificatesHold = (params: Params): Check =>
  hostCheck({
    name: 'certificates',
    facts: { ends: facts.command({ run: certificatesText(params), timeout: 20 }) },
    verdict: ({ ends }) => judgeCertificates(ends.stdout, params.certificateDaysLeft),
  })

const certificatesText = ({ kubeConfigDir }: Params): string => `dir=${quote(kubeConfigDir)}
command -v openssl >/dev/null || { echo 'no openssl'; exit 0; }
date +%s
end() { openssl x509 -noout -enddate 2>/dev/null | sed -n "s|^notAfter=|$1	|p"; }
for f in "$dir"/pki/*.crt "$dir"/pki/etcd/*.crt /etc/ssl/etcd/ssl/*.pem /var/lib/kubelet/pki/kubelet-client-current.pem; do
  case $f in *-key.pem) continue ;; esac
  [ ! -r "$f" ] || end "$f" <"$f"
done
for f in "$dir"/admin.conf "$dir"/controller-manager.conf "$dir"/scheduler.conf; do
  [ ! -r "$f" ] || sed -n 's/^ *client-certificate-data: *//p' "$f" | base64 -d 2>/dev/null | end "$f"
done
:`

export function judgeCertificates(stdout: string, daysLeft: number): Finding {
  const expected =
    'none that has ended: renew it first (kubeadm certs renew, kubespray renews them with its k8s-certs-renew)'
  const [clock = '', ...lines] = stdout.split('\n')
  if (!/^\d+$/.test(clock)) return { ok: true, expected, saw: 'not looked at: the host has no openssl' }
  const certificates = lines.flatMap(line => {
    const [path, end = ''] = line.split('\t')
    const seconds = Date.parse(end) / 1000
    return path === undefined || Number.isNaN(seconds) ? [] : [{ path, days: (seconds - Number(clock)) / 86400 }]
  })
  const ended = certificates.filter(({ days }) => days <= 0)
  if (ended.length > 0) {
    const which = ended.map(({ path, days }) => `${path} ended ${Math.ceil(-days)} days ago`)
    return { ok: false, expected, saw: list(which) }
  }
  const soon = certificates.filter(({ days }) => days < daysLeft)
  if (soon.length > 0) {
    const warnings = [`${list(soon.map(told))}: renew what the run does not (kubeadm certs renew)`]
    return { ok: true, expected, saw: `${certificates.length}, of which ${soon.length} end soon`, warnings }
  }
  return {
    ok: true,
    expected,
    saw: certificates.length === 0 ? 'none here yet' : `${certificates.length}, all in time`,
  }
}

const told = ({ path, days }: { readonly path: string; readonly days: number }): string =>
  `${path} ends in ${Math.floor(days)} days`
