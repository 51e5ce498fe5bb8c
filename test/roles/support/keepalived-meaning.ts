/** A line of keepalived.conf: its words, and what is between its braces. */
interface Entry {
  readonly words: readonly string[]
  readonly body: readonly Entry[]
}

/** What a configuration says, whatever its layout: order within a block and names that are labels only are left out. */
export interface KeepalivedMeaning {
  readonly global: readonly string[]
  /** One list for each vrrp_instance, with the scripts that it tracks in place of their names. */
  readonly instances: readonly (readonly string[])[]
  readonly virtualServers: readonly string[]
}

export function keepalivedMeaning(text: string): KeepalivedMeaning {
  const entries = entriesOf(text)
  const named = (word: string): readonly Entry[] => entries.filter(({ words }) => words[0] === word)
  const scripts = new Map(named('vrrp_script').map(({ words, body }) => [words[1] ?? '', scriptOf(body)]))
  return {
    global: named('global_defs')
      .flatMap(({ body }) => body.map(said))
      .sort(),
    instances: named('vrrp_instance').map(({ body }) => body.map(entry => instanceLine(entry, scripts)).sort()),
    virtualServers: named('virtual_server').map(said),
  }
}

function entriesOf(text: string): readonly Entry[] {
  const tokens = text
    .split('\n')
    .flatMap(line => [...(line.replace(/[#!].*/, '').match(/"[^"]*"|[{}]|[^\s{}]+/g) ?? []), '\n'])
  const block = (at: number): readonly [readonly Entry[], number] => {
    const entries: Entry[] = []
    let words: string[] = []
    const end = () => {
      if (words.length > 0) entries.push({ words, body: [] })
      words = []
    }
    let position = at
    for (; position < tokens.length && tokens[position] !== '}'; position += 1) {
      const token = tokens[position] ?? ''
      if (token === '{') {
        const [body, after] = block(position + 1)
        entries.push({ words, body })
        words = []
        position = after
      } else if (token === '\n') end()
      else words.push(token.replaceAll('"', ''))
    }
    end()
    return [entries, position]
  }
  return block(0)[0]
}

const said = ({ words, body }: Entry): string =>
  [...words, ...(body.length > 0 ? [`{ ${body.map(said).sort().join('; ')} }`] : [])].join(' ')

/** With keepalived's own defaults, and the program by its name, however it is started. */
function scriptOf(body: readonly Entry[]): string {
  const given = body.map(
    ({ words: [key = '', ...value] }) => [key, value.join(' ').replace(/^\/usr\/bin\/(env )?/, '')] as const,
  )
  const all = new Map([['interval', '1'], ['weight', '0'], ['fall', '1'], ['rise', '1'], ...given])
  return [...all]
    .map(([key, value]) => `${key} ${value}`)
    .sort()
    .join('; ')
}

function instanceLine(entry: Entry, scripts: ReadonlyMap<string, string>): string {
  const [key] = entry.words
  const values = entry.body.map(({ words }) => words.join(' '))
  if (key === 'track_script') return `track_script { ${values.map(name => scripts.get(name) ?? name).join(' | ')} }`
  // Without a prefix it is the address of one host.
  if (key === 'virtual_ipaddress')
    return `virtual_ipaddress { ${values.map(value => (value.includes('/') ? value : `${value}/32`)).join(' ')} }`
  return said(entry)
}
