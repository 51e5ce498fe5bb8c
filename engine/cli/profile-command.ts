import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Command } from 'commander'
import { refused } from '../failure/index.ts'
import type { RunEvent } from '../journal/index.ts'
import { journalDir, printable, shown } from '../journal/index.ts'
import { profileOf } from '../report/index.ts'

/** `rota profile`: what `--profile` says, of a run that is over. */
export function profileCommand(): Command {
  return new Command('profile')
    .description('say where the time of a past run went')
    .argument('[journal]', 'file of the run, or its name; the newest one when left out')
    .action(async (named: string | undefined) => {
      const file = named === undefined ? newest() : found(named)
      const profile = profileOf()
      for await (const line of createInterface({ input: createReadStream(file, 'utf8') }))
        profile.add(shown(eventIn(line, file)))
      process.stdout.write(`${printable(file)}\n${profile.lines().join('\n')}\n`)
    })
}

function newest(): string {
  const dir = journalDir()
  const name = existsSync(dir) ? readdirSync(dir).filter(isJournal).sort().at(-1) : undefined
  if (name === undefined) throw refused([{ message: `there is no journal in ${dir}` }])
  return join(dir, name)
}

function found(named: string): string {
  const file = [named, join(journalDir(), named), join(journalDir(), `${named}.ndjson`)].find(path => existsSync(path))
  if (file === undefined) throw refused([{ message: `there is no journal ${named}, here or in ${journalDir()}` }])
  return file
}

const isJournal = (name: string): boolean => name.endsWith('.ndjson')

function eventIn(line: string, file: string): RunEvent {
  try {
    return JSON.parse(line) as RunEvent
  } catch {
    // A controller that was killed while it wrote leaves half a line, the last one.
    if (line.startsWith('{')) return { kind: 'note', text: '' }
    throw refused([{ message: `${file} is no journal of a run` }])
  }
}
