import { Command } from 'commander'
import { refused } from '../failure/index.ts'
import { printable, shown } from '../journal/index.ts'
import { profileOf } from '../report/index.ts'
import { journalNamed, readEvents } from '../runs/index.ts'

/** `rota profile`: what `--profile` says, of a run that is over. */
export function profileCommand(): Command {
  return new Command('profile')
    .description('say where the time of a past run went')
    .argument('[journal]', 'file of the run, or its name; the newest one when left out')
    .action(async (named: string | undefined) => {
      const file = journalNamed(named)
      const profile = profileOf()
      let events = 0
      await readEvents(file, event => {
        events += 1
        profile.add(shown(event))
        return true
      })
      if (events === 0) throw refused([{ message: `${file} is no journal of a run` }])
      process.stdout.write(`${printable(file)}\n${profile.lines().join('\n')}\n`)
    })
}
