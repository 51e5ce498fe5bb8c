// @ts-check
/** @import { Setup } from './types.ts' */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import * as content from './content.mjs'

/** @param {string} text */
const sha256 = text => createHash('sha256').update(text).digest('hex')

/** @param {string} text */
const heredoc = text => `<<'BENCH_END'\n${text}BENCH_END\n`

/**
 * The same steps by hand: what somebody who knows the shell would write for these very files. Everything is compared
 * with as few processes as can be; what differs is made. In braces, so that all of it is read before a command could
 * eat it from stdin.
 * @param {Setup} setup
 * @param {number} upstreams
 */
export async function floorScript({ site }, upstreams) {
  const given = JSON.parse(await readFile(site, 'utf8'))
  const wanted = { hosts: given.bench_hosts, vip: given.vip, upstreams }
  const files = [
    ...content.files(wanted),
    { path: '/etc/sysctl.d/90-bench.conf', mode: '0644', content: sysctlText },
    { path: '/etc/bench/env', mode: '0644', content: `${content.lineOfEnv}\n` },
  ]
  const block = `# BEGIN bench\n${content.hostsBlock(wanted)}# END bench\n`
  return `{ set -u; export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
reload=
# Packages, accounts, directories.
set -- $(dpkg-query -W -f '\${db:Status-Abbrev} ' ${content.packages.join(' ')} 2>/dev/null)
[ "$*" = '${content.packages.map(() => 'ii').join(' ')}' ] ||
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends ${content.packages.join(' ')} || exit 1
getent group bench >/dev/null || groupadd -r bench || exit 1
getent passwd bench >/dev/null || useradd -r -g bench -M -d /nonexistent -s /usr/sbin/nologin bench || exit 1
modes=$(stat -c '%a %U %G %n' ${[...content.directories, ...files].map(({ path }) => path).join(' ')} 2>/dev/null)
${content.directories
  .map(
    ({
      path,
      mode,
      owner = 'root',
      group = 'root',
    }) => `case $modes in *'${Number(mode)} ${owner} ${group} ${path}'*) ;;
*) install -d -m ${mode} -o ${owner} -g ${group} ${path} || exit 1 ;; esac
`,
  )
  .join('')}
# Files: all sums in one process; what differs is written beside, checked, renamed.
sums=$(sha256sum ${files.map(({ path }) => path).join(' ')} 2>/dev/null)
put() { # PATH MODE CHECKER RELOAD, content on stdin
  cat >"$1.new" && chmod "$2" "$1.new" && { [ -z "$3" ] || $3 "$1.new" || return 1; } && mv "$1.new" "$1" && reload="$reload $4"
}
${files
  .map(
    file => `case $sums in *'${sha256(file.content)}  ${file.path}'*) ;; *) put ${file.path} ${file.mode} '${'validate' in file ? (file.validate ?? '') : ''}' '${'reload' in file ? (file.reload ?? '') : ''}' ${heredoc(file.content)}[ $? = 0 ] || exit 1 ;; esac
case $modes in *'${Number(file.mode)} root root ${file.path}'*) ;; *) chmod ${file.mode} ${file.path} && chown root:root ${file.path} || exit 1 ;; esac
`,
  )
  .join('')}
# The block in /etc/hosts.
block=$(cat ${heredoc(block)})
case $(cat /etc/hosts) in *"$block"*) ;; *)
  sed '/^# BEGIN bench$/,/^# END bench$/d' /etc/hosts >/etc/hosts.new && printf '%s\\n' "$block" >>/etc/hosts.new && chmod 644 /etc/hosts.new &&
    mv /etc/hosts.new /etc/hosts || exit 1 ;;
esac
# Kernel parameters, the link, services.
[ "$(echo $(sysctl -n ${Object.keys(content.sysctls).join(' ')}))" = '${Object.values(content.sysctls).join(' ')}' ] ||
  sysctl -q -p /etc/sysctl.d/90-bench.conf || exit 1
[ "$(readlink /etc/bench/current)" = conf.d ] || ln -sfn conf.d /etc/bench/current || exit 1
set -- $(systemctl show -p ActiveState,UnitFileState --value ${content.services.join(' ')})
[ "$*" = '${content.services.map(() => 'active enabled').join(' ')}' ] || systemctl enable -q --now ${content.services.join(' ')} || exit 1
[ -z "$reload" ] || systemctl reload $reload || exit 1
exit 0; } </dev/null
`
}

const sysctlText = Object.entries(content.sysctls)
  .map(([key, value]) => `${key} = ${value}\n`)
  .join('')
