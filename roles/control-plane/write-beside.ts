import { raw, type Shell, sh } from 'rota'

/**
 * Shell text that puts what comes on stdin in a file's place: whole or not at all, for root alone from its first byte
 * on, and with nothing left beside it where the program is ended. `finish` is done to `$new` before. Its name begins
 * with a dot: of such a file in the directory of its manifests a kubelet takes no notice (pkg/kubelet/config/file.go).
 */
export const writeBeside = (path: string, finish: Shell = raw(':')): Shell => sh`umask 077
new=
trap 'rm -f "$new"' EXIT
trap 'exit 1' HUP INT TERM
new=$(mktemp ${`${path.replace(/[^/]*$/, '.$&')}.XXXXXX`})
cat >"$new"
${finish}
mv -f "$new" ${path}`
