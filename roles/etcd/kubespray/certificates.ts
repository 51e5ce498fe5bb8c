import { isIP } from 'node:net'
import type { HostView, RemoteShell } from 'rota'
import type { SeenMembers, TheirMember } from './seen.ts'

/** Days that kubespray gives a certificate of etcd. */
const days = 36_500

/** What a host needs of the authority of kubespray's etcd: a member, a client of its own, one for the API server. */
export type CertificateKind = 'member' | 'admin' | 'node'

/** The first host that has the key of the authority; kubespray gives it to all members. */
export function authorityHost(
  { members }: Pick<SeenMembers, 'members'>,
  hosts: readonly HostView[],
): { readonly host: HostView; readonly member: TheirMember } | undefined {
  for (const host of hosts) {
    const member = members.get(host.name)
    if (member?.certificates.includes('ca-key.pem') && member.certificates.includes('ca.pem')) return { host, member }
  }
  return undefined
}

/**
 * Makes the certificates of a host where the authority's key is, with the names that a serving member's certificate has
 * and the host's own. What is there and has those stays. No key leaves that host here.
 */
export async function makeCertificates(
  $: RemoteShell,
  member: TheirMember,
  host: { readonly name: string; readonly reachedAt: readonly string[] },
  kinds: readonly CertificateKind[],
): Promise<void> {
  const { certificatesDir: dir, certificateName } = member
  const all = [...new Set([host.name, ...host.reachedAt])]
  const [names, addresses] = [all.filter(name => isIP(name) === 0), all.filter(name => isIP(name) !== 0)]
  const own = [...names.map(name => `DNS:${name}`), ...addresses.map(address => `IP:${address}`)].join(',')
  const answer = await $`umask 077
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
san=$(openssl x509 -in ${`${dir}/member-${certificateName}.pem`} -noout -text | sed -n '/X509v3 Subject Alternative Name/{n;s/IP Address:/IP:/g;s/[[:space:]]//g;p;}')
printf '%s\n' '[ssl_client]' 'extendedKeyUsage = clientAuth, serverAuth' 'basicConstraints = CA:FALSE' \
  'subjectKeyIdentifier = hash' 'authorityKeyIdentifier = keyid,issuer' "subjectAltName = $san,"${own} >"$tmp/ext"
for kind in ${kinds}; do
  crt=${dir}/$kind-${host.name}.pem key=${dir}/$kind-${host.name}-key.pem
  if [ -s "$crt" ] && [ -s "$key" ]; then
    fits=1
    for name in ${names}; do
      openssl x509 -in "$crt" -noout -checkhost "$name" | grep -q 'does match' || fits=
    done
    for address in ${addresses}; do
      openssl x509 -in "$crt" -noout -checkip "$address" | grep -q 'does match' || fits=
    done
    [ -z "$fits" ] || continue
  fi
  openssl genrsa -out "$tmp/key" 2048 2>/dev/null
  openssl req -new -key "$tmp/key" -subj "/CN=etcd-$kind-"${host.name.split('.')[0] ?? host.name} -out "$tmp/csr"
  openssl x509 -req -in "$tmp/csr" -CA ${`${dir}/ca.pem`} -CAkey ${`${dir}/ca-key.pem`} -set_serial "0x$(openssl rand -hex 16)" \
    -days ${days} -extfile "$tmp/ext" -extensions ssl_client -out "$tmp/crt" 2>"$tmp/said" || { cat "$tmp/said" >&2; exit 1; }
  for part in key crt; do
    chmod 0640 "$tmp/$part"
    chown --reference=${`${dir}/ca.pem`} "$tmp/$part" 2>/dev/null || :
  done
  mv -f "$tmp/key" "$key"
  mv -f "$tmp/crt" "$crt"
done`
    .timeout(120)
    .nothrow()
  if (answer.exitCode !== 0)
    throw new Error(
      `the authority of etcd has made no certificate for ${host.name}: ${answer.stderr.trim().slice(-500)}`,
    )
}

/**
 * Gives a host the certificates that kubespray gives it: its own, the authority with its key, and those of the other
 * members and masters. They go from host to host through this process, and nowhere else.
 */
export async function copyCertificates(
  from: RemoteShell,
  to: RemoteShell,
  member: TheirMember,
  names: { readonly members: readonly string[]; readonly masters: readonly string[] },
): Promise<void> {
  const dir = member.certificatesDir
  const pair = (kind: CertificateKind) => (name: string) => [`${kind}-${name}.pem`, `${kind}-${name}-key.pem`]
  const files = [
    ...['ca.pem', 'ca-key.pem'],
    ...names.members.flatMap(pair('member')),
    ...names.members.flatMap(pair('admin')),
    ...names.masters.flatMap(pair('node')),
  ]
  const { stdout } = await from`cd ${dir}
set -- ${files}
for file do
  shift
  if [ -s "$file" ]; then set -- "$@" "$file"; fi
done
tar -chf - "$@" | base64`
    .secret()
    .timeout(60)
  await to`umask 077
mkdir -p ${dir}
chmod 0700 ${dir}
base64 -d | tar -C ${dir} -xf -
cd ${dir}
chmod 0640 -- *.pem
chown root:root . *.pem
if id -u etcd >/dev/null 2>&1; then chown etcd . *.pem; fi`
    .stdin(stdout)
    .secret()
    .timeout(60)
}
