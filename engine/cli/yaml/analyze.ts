import { resolvePlain } from '../../inventory/index.ts'
import { printableLines } from '../../journal/index.ts'

/** In which ways a text may be written in block style (libyaml's yaml_emitter_analyze_scalar). */
export interface Analysis {
  readonly plain: boolean
  readonly single: boolean
  readonly multiline: boolean
}

const isBreak = (char: string): boolean => '\n\x85\u2028\u2029'.includes(char)
const isBlank = (char: string | undefined): boolean => char === undefined || '\0 \t\r\n\x85\u2028\u2029'.includes(char)

/** Everything else is written as an escape, which needs double quotes: also what libyaml leaves raw and nobody sees. */
export function isPrintable(char: string): boolean {
  if (char === '\n' || (char >= ' ' && char <= '~')) return true
  const code = char.codePointAt(0) ?? 0
  return ((code >= 0xa0 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0xfffd)) && printableLines(char) === char
}

export function analyze(text: string): Analysis {
  const chars = [...text]
  const isSpecial = chars.some(char => !isPrintable(char))
  const multiline = chars.some(isBreak)
  const spaceThenBreak = / [\n\x85\u2028\u2029]/.test(text)
  const breakThenSpace = /[\n\x85\u2028\u2029] /.test(text)
  const atEdge = /^[ \n\x85\u2028\u2029]|[ \n\x85\u2028\u2029]$/.test(text)
  const single = !(isSpecial || spaceThenBreak || breakThenSpace)
  const plain = single && text !== '' && !multiline && !atEdge && !hasIndicator(chars)
  return { plain: plain && resolvesToText(text), single, multiline }
}

function hasIndicator(chars: readonly string[]): boolean {
  const text = chars.slice(0, 3).join('')
  if (text === '---' || text === '...') return true
  return chars.some((char, index) => {
    if (index === 0 && '#,[]{}&*!|>\'"%@`'.includes(char)) return true
    if (index === 0 && '?-'.includes(char)) return isBlank(chars[1])
    if (char === ':') return isBlank(chars[index + 1])
    return char === '#' && isBlank(chars[index - 1])
  })
}

/** Plain text must not be read back as something else: `yes`, `1`, `=`, `<<`. */
const resolvesToText = (text: string): boolean => text !== '=' && text !== '<<' && resolvePlain(text).type === 'str'
