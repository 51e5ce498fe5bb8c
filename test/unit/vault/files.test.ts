import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import { equal, throws } from 'uvu/assert'
import { writeOutput } from '../../../engine/cli/output-file.ts'
import { scratch } from '../program/shells.ts'
import { onSmallDisk } from '../program/small-disk.ts'

const base = scratch()

test('on a disk that is nearly full the old vault stays whole', () =>
  onSmallDisk(base, ({ path, fill }) => {
    const file = join(path, 'vault.yml')
    writeFileSync(file, 'old')
    const spare = join(path, 'spare')
    writeFileSync(spare, Buffer.alloc(4096))
    fill()
    // Room for the first block of the new one.
    writeFileSync(spare, '')
    throws(() => writeOutput(file, 'n'.repeat(6000)), /ENOSPC/)
    equal(readFileSync(file, 'utf8'), 'old')
    equal(readdirSync(path).sort(), ['filler', 'spare', 'vault.yml'])
  }))

test.run()
