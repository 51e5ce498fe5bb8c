import { command, quote, type Task } from 'rota'
import type { Params } from '../daemons/daemons.ts'
import { writeBeside } from '../write-beside.ts'

/**
 * Root's own kubeconfig, where kubespray has put a copy of the administrator's, has the certificate that kubeadm renews
 * there: the copy's would end within a year, unseen. Only certificate and key are replaced, and only where they are
 * those of the same cluster and the same user, and the file has no others. A link stays one. Takes openssl.
 */
export const rootsKubeconfig = ({ kubeConfigDir }: Pick<Params, 'kubeConfigDir'>, home = '/root'): Task => {
  const [admin, own] = [`${kubeConfigDir}/admin.conf`, `${home}/.kube/config`]
  return command({
    title: `${own} has the certificate of ${admin}`,
    why: 'it has another one',
    onlyIf: `${files(admin, own)}
[ -f "$own" ] && [ ! -L "$own" ] || exit 1
for name in client-certificate-data client-key-data; do
  [ "$(value $name "$own" | wc -l)" -eq 1 ] && [ "$(value $name "$admin" | wc -l)" -eq 1 ] || exit 1
done
[ "$(value certificate-authority-data "$own")" = "$(value certificate-authority-data "$admin")" ] || exit 1
[ "$(value client-certificate-data "$own")" != "$(value client-certificate-data "$admin")" ] || exit 1
user() { value client-certificate-data "$1" | base64 -d | openssl x509 -noout -subject -nameopt multiline | grep commonName; }
user=$(user "$own") && [ "$user" = "$(user "$admin")" ]`,
    // The key is in no argument: printf is the shell's own.
    run: `${files(admin, own)}
text=$(awk ${quote(program)} "$admin" "$own") && [ -n "$text" ] || exit 1
printf '%s\\n' "$text" | ( ${writeBeside(own).text} )`,
  })
}

const files = (admin: string, own: string): string => `admin=${quote(admin)} own=${quote(own)}
value() { sed -n "s/^ *$1: *//p" "$2"; }`

/** Takes both values from the first file and puts them into the second. */
const program = `NR == FNR { if ($1 ~ /^client-(certificate|key)-data:$/) of[$1] = $2; next }
$1 in of { sub(/[^ ]+ *$/, of[$1]) }
{ print }`
