import { basename } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { messageOf, refused } from '../failure/index.ts'
import { journalDir, jsonEscaped, printable, shown } from '../journal/index.ts'
import { runTable, storyLines } from '../report/index.ts'
import { journalNamed, journalsIn, readStory, type State, type Story, stateOf } from '../runs/index.ts'
import { writeOutput } from './output-file.ts'
import { printNotes } from './problems.ts'
import { makers, mustBeWritable } from './report-files.ts'

/** `rota runs`: what was run from this machine, and what became of it. */
export function runsCommand(): Command {
  const list = new Command('list')
    .description('list the newest runs: when, who, what, how it ended, what is done and left')
    .option('-n, --number <count>', 'how many', positive, 20)
    .option('--json', 'one JSON object a line', false)
    .action(listRuns)
  const show = new Command('show')
    .description("tell one run's story: plays, hosts, what changed, what failed and why, what is left")
    .argument('[run]', 'its name, or its journal; the newest one when left out')
    .option('--json', 'as one JSON object', false)
    .action(showRun)
  const report = new Command('report')
    .description('write a page of HTML that tells of one run, to be opened in a browser')
    .argument('<run>', 'its name, or its journal')
    .argument('[file]', 'where; RUN.html when left out, - for stdout')
    .action((run: string, file?: string) => writeOf('report', run, file))
  const junit = new Command('junit')
    .description("write what became of each host of one run as JUnit's XML, for a CI system")
    .argument('<run>', 'its name, or its journal')
    .argument('[file]', 'where; RUN.xml when left out, - for stdout')
    .action((run: string, file?: string) => writeOf('junit', run, file))
  return new Command('runs')
    .description('look at past runs, by the journals that they have left')
    .addCommand(list, { isDefault: true })
    .addCommand(show)
    .addCommand(report)
    .addCommand(junit)
}

function positive(value: string): number {
  const number = Number(value)
  if (Number.isInteger(number) && number > 0) return number
  throw new InvalidArgumentError('a whole number of at least 1 is expected.')
}

async function listRuns({ number, json }: { readonly number: number; readonly json: boolean }): Promise<void> {
  const files = journalsIn()
  const read = await Promise.all(files.slice(0, number).map(readOrSay))
  const runs = read.flatMap(one => ('story' in one ? [one] : []))
  const wrong = read.flatMap(one => ('wrong' in one ? [one.wrong] : []))
  if (json) for (const { story, state } of runs) print(toJson({ state, ...story }))
  else if (runs.length > 0)
    for (const line of runTable(runs.map(made => ({ ...made, story: shown(made.story) })))) print(line)
  printNotes([
    ...wrong,
    ...(files.length === 0 ? [`there is no journal in ${journalDir()}`] : []),
    ...(files.length > number ? [`${files.length - number} older ones: -n ${files.length} lists all`] : []),
  ])
}

type Read = { readonly story: Story; readonly state: State } | { readonly wrong: string }

async function readOrSay(file: string): Promise<Read> {
  try {
    const story = await readStory(file)
    return story ? { story, state: stateOf(story) } : { wrong: `${file} is no journal of a run` }
  } catch (error) {
    return { wrong: `${file} can't be read: ${messageOf(error)}` }
  }
}

async function showRun(named: string | undefined, { json }: { readonly json: boolean }): Promise<void> {
  const file = journalNamed(named)
  const read = await readOrSay(file)
  if ('wrong' in read) throw refused([{ message: read.wrong, hint: '`rota runs` lists those that are kept' }])
  const { story, state } = read
  if (json) return print(toJson({ state, ...story }))
  for (const line of storyLines({ story: shown(story), state })) print(line)
  print(`journal: ${printable(file)}`)
}

async function writeOf(name: 'report' | 'junit', run: string, file: string | undefined): Promise<void> {
  const journal = journalNamed(run)
  const to = file ?? `${basename(journal, '.ndjson')}.${name === 'report' ? 'html' : 'xml'}`
  if (to !== '-') mustBeWritable({ [name]: to })
  writeOutput(to, await makers[name](journal))
  if (to !== '-') printNotes([`${name}: ${to}`])
}

const toJson = (value: object): string => jsonEscaped(JSON.stringify(value))
const print = (line: string): void => void process.stdout.write(`${line}\n`)
