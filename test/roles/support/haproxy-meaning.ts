/**
 * What a haproxy configuration says, whatever its layout: names that are labels only and what haproxy takes for granted
 * are left out.
 */
export interface HaproxyMeaning {
  readonly global: readonly string[]
  readonly defaults: readonly string[]
  /** By what they listen on. */
  readonly proxies: Readonly<Record<string, readonly string[]>>
}

type Words = readonly string[]

export function haproxyMeaning(text: string): HaproxyMeaning {
  const sections = sectionsOf(text)
  const of = (kind: string): readonly Words[] =>
    sections.filter(([head]) => head[0] === kind).flatMap(([, body]) => body)
  return {
    global: said(of('global')),
    // haproxy's own default.
    defaults: said(of('defaults')).filter(line => line !== 'mode tcp'),
    proxies: Object.fromEntries(
      sections.filter(([head]) => head[0] === 'listen').map(([, body]) => [bindsOf(body), said(servers(body))]),
    ),
  }
}

function sectionsOf(text: string): readonly (readonly [Words, readonly Words[]])[] {
  const sections: [Words, Words[]][] = []
  for (const line of text
    .split('\n')
    .map(wordsOf)
    .filter(words => words.length > 0)) {
    if (/^(global|defaults|listen|frontend|backend)$/.test(line[0] ?? '')) sections.push([line, []])
    else sections.at(-1)?.[1].push(line)
  }
  return sections
}

/** Blanks part words unless a backslash is before them; `#` begins a comment. */
const wordsOf = (line: string): Words =>
  [...line.replace(/(^|[^\\])#.*/, '$1').matchAll(/(?:\\.|[^\s\\])+/g)].map(([word]) => word.replace(/\\(.)/g, '$1'))

const bindsOf = (body: readonly Words[]): string =>
  body.flatMap(([directive, address = '']) => (directive === 'bind' ? [address] : [])).join(' ')

/** `default-server` is part of every server, whose name is a label. */
function servers(body: readonly Words[]): readonly Words[] {
  const shared = body.flatMap(([directive, ...rest]) => (directive === 'default-server' ? rest : []))
  return body.flatMap(([directive = '', ...rest]): readonly Words[] => {
    if (directive === 'default-server') return []
    if (directive !== 'server') return [[directive, ...rest]]
    const [, address = '', ...own] = rest
    return [['server', address, ...pairs([...own, ...shared])]]
  })
}

/** Options in any order: those with a value keep it. */
function pairs(words: Words): Words {
  const found: string[] = []
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    found.push(/^(inter|fall|rise|weight|slowstart|maxconn)$/.test(word) ? `${word} ${words[++at]}` : word)
  }
  return found.sort()
}

const said = (lines: readonly Words[]): readonly string[] => {
  const texts = lines.map(words => words.join(' ').replaceAll('/var/run/', '/run/'))
  // A page that has a path is there.
  return texts.filter(line => line !== 'stats enable' || !texts.some(other => other.startsWith('stats uri '))).sort()
}
