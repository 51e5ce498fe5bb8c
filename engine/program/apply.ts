import { randomBytes } from 'node:crypto'
import type { Blob } from '../shell/index.ts'
import { blobSize, encodeName, quote, withBlobs } from '../shell/index.ts'
import { longestOutput } from './limits.ts'
import type { Program } from './program.ts'
import type { ApplyItem, ApplyProgram } from './requests.ts'

/**
 * The changes in order. Each is begun, receives its content, and runs; after one that failed the others are skipped and
 * their content is read and thrown away.
 */
export function applyText(request: number, { run, play = 0, uses, items, finishing = false }: ApplyProgram): Program {
  for (const name of [run, ...(uses === undefined ? [] : [uses])])
    if (!isRunName(name)) throw new Error(`not a name for a run: ${JSON.stringify(name)}`)
  return {
    text: [
      `rota_play=${play}${uses === undefined ? '' : ` rota_uses=${uses}`}${finishing ? ' rota_finishing=1' : ''}`,
      ...items.flatMap(item => itemLines(request, run, item)),
      ...(finishing ? ['rota_finishing='] : []),
      `rota_end ${request}`,
    ].join('\n'),
    blobs: items.flatMap(item => item.script.blobs),
  }
}

/** One file name, and one word of a shell. */
export const isRunName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)

function itemLines(
  request: number,
  run: string,
  { id, script, owes, pays, output, waits }: ApplyItem,
): readonly string[] {
  const owed = owes.map(encodeName).join(' ')
  const paid = pays === undefined ? '' : encodeName(pays)
  const text = withBlobs(script, blobVariable)
  return [
    `rota_start ${request} ${id} ${token()}`,
    ...script.blobs.map(receiveLine),
    `rota_item ${request} ${id} ${quote(run)} ${quote(owed)} ${quote(paid)} ${quote(text)}${output === undefined && !waits ? '' : ` ${output ?? longestOutput}`}${waits ? ' 1' : ''}`,
  ]
}

/**
 * For the names of temporary files: nobody on the host can guess it, it costs no process there, and it is nothing
 * else's secret.
 */
export const token = (): string => randomBytes(16).toString('hex')

export const blobVariable = (index: number): string => `"$rota_blob_${index}"`

export const receiveLine = (item: Blob, index: number): string =>
  `rota_receive ${index} ${blobSize(item)}${item.near === undefined ? '' : ` ${quote(item.near)}`}`
