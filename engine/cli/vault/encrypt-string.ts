import { readFileSync } from 'node:fs'
import { refused } from '../../failure/index.ts'
import type { VaultSecret } from '../../vault/index.ts'
import { encryptVault } from '../../vault/index.ts'
import { ask, askSecret } from '../ask.ts'
import { writeOutput } from '../output-file.ts'

export interface StringFlags {
  readonly name: readonly string[]
  readonly stdinName?: string
  readonly prompt?: boolean
  readonly showInput?: boolean
  readonly output?: string
}

interface Plain {
  readonly text: string
  readonly from: string
  readonly name: string | undefined
}

/** `!vault` values ready to be pasted into a vars file: the same text as ansible-vault's. */
export function encryptStrings(words: readonly string[], flags: StringFlags, secret: VaultSecret): void {
  const plain = [...fromPrompt(flags), ...fromStdin(words, flags), ...fromWords(words, flags)]
  for (const { text, from } of plain)
    if (text === '') throw refused([{ message: `the text from ${from} is empty, so it is not encrypted` }])
  plain.forEach(({ name, from }, index) => {
    const what =
      name === undefined
        ? `the string #${index + 1} from ${from}.)`
        : `variable ("${name}", the string #${index + 1} from ${from}).`
    if (plain.length > 1) process.stderr.write(`# The encrypted version of ${what}\n`)
  })
  writeOutput(flags.output ?? '-', `${plain.map(one => block(one, secret)).join('\n')}\n`)
}

function block({ text, name }: Plain, secret: VaultSecret): string {
  const lines = encryptVault(Buffer.from(text), secret).trimEnd().split('\n')
  return [`${name === undefined ? '' : `${name}: `}!vault |`, ...lines.map(line => `          ${line}`)].join('\n')
}

function fromPrompt({ prompt, showInput = false, name }: StringFlags): readonly Plain[] {
  if (!prompt) return []
  const text = showInput ? ask('String to encrypt: ', true)() : askSecret('String to encrypt (hidden): ')()
  return [{ text, from: 'the interactive prompt', name: name[0] }]
}

function fromStdin(words: readonly string[], { prompt, stdinName }: StringFlags): readonly Plain[] {
  if (prompt || (words.length > 0 && !words.includes('-') && stdinName === undefined)) return []
  if (process.stdin.isTTY) process.stderr.write('Reading the text from stdin (Ctrl-D ends it)\n')
  return [{ text: readFileSync(0, 'utf8'), from: 'stdin', name: stdinName }]
}

function fromWords(words: readonly string[], { name }: StringFlags): readonly Plain[] {
  return words
    .filter(word => word !== '-')
    .map((text, index) => ({ text, from: 'the command line args', name: name[index] }))
}
