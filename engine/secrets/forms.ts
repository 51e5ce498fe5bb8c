import { readable, unquoted } from './views.ts'

/** How a secret may stand in a text, by the way in which the text is searched. */
export interface Forms {
  /** Letter by letter. */
  readonly written: readonly string[]
  /** In a text whose escapes have been read. */
  readonly read: readonly string[]
  /** In one without white space. */
  readonly encoded: readonly string[]
}

/** Shorter texts are not looked for: they would blot out half the output. */
export const shortest = 4

/** A secret of several lines may be shown line by line, and `key: value` by its value. */
export function formsOf(secret: string): Forms {
  const parts = [secret, ...secret.split(/\r?\n/).flatMap(line => [line, line.replace(/^\s*[-\w.]+:\s+/, '')])]
  const texts = unique([...parts, ...parts.map(part => part.trim())])
  return {
    written: texts,
    read: unique(texts.flatMap(asRead)),
    encoded: unique(texts.flatMap(text => [...base64(Buffer.from(text)), ...hex(Buffer.from(text))])),
  }
}

/**
 * Its own escapes are read with those of a text that escapes all of them; they stay where the text writes them in
 * another way. A form of a web page writes a blank as a plus sign.
 */
function asRead(text: string): readonly string[] {
  return [text, text.replaceAll(' ', '+')].flatMap(form => [readable(form).text, unquoted(form)])
}

/**
 * The letters that are the same whatever stands around it: before it there are 0, 1 or 2 bytes more than threes, which
 * is why `user:secret` looks different for each length of the user's name.
 */
function base64(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap(before => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    const own = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')]
  })
}

function hex(bytes: Buffer): readonly string[] {
  const text = bytes.toString('hex')
  return [text, text.replace(/..(?=.)/g, '$&:')].flatMap(form => [form, form.toUpperCase()])
}

const unique = (texts: readonly string[]): readonly string[] =>
  [...new Set(texts)].filter(text => text.trim().length >= shortest)
