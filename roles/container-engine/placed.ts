import { command, quote, type Task } from 'rota'
import { durableCopy } from '../lib/durable-copy.ts'
import { type Programmed, programsOf } from './artefacts.ts'
import type { Move } from './decide.ts'
import type { SeenParams } from './params.ts'
import { cniDir, cniPlugin, numberFunction, versionOf } from './seen.ts'

/** Where a part is in use, and which of its programs tells its version. */
export const inUse = (part: Programmed, binDir: string): { readonly dir: string; readonly teller: string } =>
  part === 'cni' ? { dir: cniDir, teller: cniPlugin } : { dir: binDir, teller: part }

/**
 * The programs of a version in the place of those in use, each by a rename: what runs goes on with the ones that it was
 * started from. The old ones are kept in a folder of their version. The one that tells the version comes last, so what
 * was cut short is done again.
 */
export const placed = (params: SeenParams, { from, to }: Move, part: Programmed, config?: string): Task => {
  const { dir, teller } = inUse(part, params.binDir)
  const version = (path: string): string => versionOf(part, path)
  return command({
    title: `${part} ${to} in ${dir}`,
    why: `what is there is not ${to}`,
    unless: `${numberFunction}
[ "$(${version(quote(`${dir}/${teller}`))})" = ${quote(to)} ]`,
    run: `set -e
${numberFunction}
new=${quote(programsOf(params, part, to))} old=${quote(programsOf(params, part, from))} dir=${quote(dir)}
[ -e "$new/${teller}" ] || { echo "$new/${teller} does not exist: the role container-engine-programs has to run before this one" >&2; exit 1; }
is=$(${version(`"$new/${teller}"`)}) || :
[ "$is" = ${quote(to)} ] || { echo "$new/${teller} does not say on this host that it is ${to}, but: \${is:-nothing}" >&2; exit 1; }
${config === undefined ? '' : `[ ! -e ${quote(config)} ] || "$new/${teller}" --config ${quote(config)} config dump >/dev/null\n`}\
if [ ! -e "$old/${teller}" ]; then
  rm -rf "$old.part"
  mkdir -p "$old.part" "$(dirname "$old")"
  for file in "$new"/*; do
    [ ! -f "$dir/\${file##*/}" ] || cp -p "$dir/\${file##*/}" "$old.part/"
  done
  rm -rf "$old"
  mv "$old.part" "$old"
fi
${placeText(teller)}`,
  })
}

/** Shell text: the programs in `$new` into `$dir`. */
export const placeText = (teller: string): string => `for file in "$new"/*; do
  [ -f "$file" ] && [ -x "$file" ] || continue
  ${durableCopy} if="$file" of="$dir/.\${file##*/}.rota-new"
  chmod 0755 "$dir/.\${file##*/}.rota-new"
done
for file in "$new"/*; do
  [ -f "$file" ] && [ -x "$file" ] && [ "\${file##*/}" != ${quote(teller)} ] || continue
  mv -fT "$dir/.\${file##*/}.rota-new" "$dir/\${file##*/}"
done
mv -fT "$dir/.${teller}.rota-new" "$dir/${teller}"`
