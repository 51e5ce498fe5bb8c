import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import { equal, match } from 'uvu/assert'
import { openJournal } from '../../../engine/journal/journal.ts'
import { scratch } from '../program/shells.ts'
import { onSmallDisk } from '../program/small-disk.ts'

const base = scratch()
const note = (text: string) => ({ kind: 'note', text }) as const

test('a disk that fills up in the midst of a line leaves whole lines, and the run is told once', () =>
  onSmallDisk(base, ({ path, fill, free }) => {
    process.env.XDG_STATE_HOME = path
    const said: string[] = []
    const { write } = process.stderr
    process.stderr.write = ((text: string) => said.push(text) > 0) as typeof write
    try {
      const journal = openJournal('20260101T000000Z-1')
      journal.write(note('first'))
      fill()
      // The first of its blocks has room yet.
      journal.write(note('x'.repeat(6000)))
      free()
      journal.write(note('last'))
      journal.close()
      const text = readFileSync(journal.path, 'utf8')
      equal(
        text.split('\n').map(line => (line === '' ? '' : JSON.parse(line).text)),
        ['first', ''],
      )
    } finally {
      process.stderr.write = write
    }
    equal(said.length, 1)
    match(said[0] ?? '', /can't be written any more: .*ENOSPC/)
  }))

test.run()
