import { createHash } from 'node:crypto'
import { type RemoteShell, type Step, type StepContext, sh, step } from 'rota'
import { writeBeside } from '../write-beside.ts'
import { differences, type Present, presentFiles, type Target, type Targets } from './decide.ts'
import type { Maker } from './maker.ts'
import { credentialFacts } from './names.ts'

/**
 * The credentials of a master, copied from one that has them. They go from host to host through this process alone:
 * read as the output of a command, written from the input of one, never in a list of arguments, a file of this machine,
 * or one that others may read.
 */
export const credentialsAreThere = (dir: string, targets: Targets['files'], make: Maker): Step =>
  step({
    title: `the credentials in ${dir}`,
    facts: credentialFacts(dir),
    needed: files => saying(differences(presentFiles(files), targets)) || false,
    run: async context => {
      const reasons = differences(await present(context.$, dir, Object.keys(targets)), targets)
      for (const name of Object.keys(reasons)) {
        const target = targets[name]
        if (target) await write(context.$, `${dir}/${name}`, await contentOf(context, dir, name, target, make))
      }
      return { summary: saying(reasons) }
    },
  })

/** What is there now. */
async function present(
  $: RemoteShell,
  dir: string,
  names: readonly string[],
): Promise<Readonly<Record<string, Present>>> {
  const said = await $`cd ${dir}
for name in ${names}; do
  [ ! -f "$name" ] || printf '%s %s %s\\n' "$name" "$(sha256sum <"$name" | cut -d' ' -f1)" "$(stat -L -c %a "$name")"
done`.text()
  return Object.fromEntries(
    said
      .split('\n')
      .filter(Boolean)
      .map(line => {
        const [name = '', sha256 = '', mode = ''] = line.split(' ')
        return [name, { sha256, mode: mode.padStart(4, '0') }]
      }),
  )
}

const saying = (reasons: Readonly<Record<string, string>>): string =>
  Object.entries(reasons)
    .map(([name, reason]) => `${name}: ${reason}`)
    .join('; ')

async function contentOf(
  { on }: StepContext,
  dir: string,
  name: string,
  target: Target,
  make: Maker,
): Promise<Uint8Array> {
  if (target.kind === 'renew') return Buffer.from(await make.renewed(target.pair, target.certificate))
  if (target.kind === 'make') {
    const pair = await make.pair(target.pair)
    return Buffer.from(name.endsWith('.key') ? pair.key : pair.certificate)
  }
  const output = await on(target.from)`base64 < ${`${dir}/${name}`}`.secret()
  const content = Buffer.from(output.stdout, 'base64')
  if (createHash('sha256').update(content).digest('hex') !== target.sha256)
    throw new Error(`${dir}/${name} of ${target.from} has changed since it was looked at: run again`)
  return content
}

async function write($: RemoteShell, path: string, content: Uint8Array): Promise<void> {
  await $`set -eu
${writeBeside(path, sh`chown 0:0 "$new"`)}`
    .stdin(content)
    .secret()
}
