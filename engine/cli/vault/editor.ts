import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { execa } from 'execa'
import { refused } from '../../failure/index.ts'
import { shlexSplit } from '../../inventory/index.ts'

/**
 * Lets a person edit the text in a directory that is theirs alone, and which is gone afterwards whatever happens. Its
 * ending is that of the file, for the editor's sake.
 */
export async function edit(name: string, content: Uint8Array): Promise<Buffer> {
  const directory = mkdtempSync(join(process.env.XDG_RUNTIME_DIR ?? tmpdir(), 'rota-vault-'))
  const remove = () => rmSync(directory, { recursive: true, force: true })
  // Ctrl-C is the editor's; whatever else ends us must not leave the text behind.
  const stay = () => {}
  const leave = () => process.exit(130)
  process.on('exit', remove).on('SIGINT', stay).on('SIGTERM', leave).on('SIGHUP', leave)
  try {
    const file = join(directory, `vault${extname(name)}`)
    writeFileSync(file, content, { mode: 0o600 })
    await runEditor(file)
    return readFileSync(file)
  } finally {
    remove()
    process.off('exit', remove).off('SIGINT', stay).off('SIGTERM', leave).off('SIGHUP', leave)
  }
}

async function runEditor(file: string): Promise<void> {
  const said = process.env.EDITOR || process.env.VISUAL || 'vi'
  const split = shlexSplit(said)
  const [editor = 'vi', ...args] = 'tokens' in split ? split.tokens.map(token => token.text) : [said]
  const result = await execa(editor, [...args, file], { stdio: 'inherit', reject: false })
  if (result.failed)
    throw refused([
      {
        message: `the editor ${said} failed (${result.shortMessage}); nothing was written`,
        hint: 'name another in EDITOR',
      },
    ])
}
