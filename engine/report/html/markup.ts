/** A piece of a page. Only `html` makes one, so that a text that stands in a page has been escaped. */
export interface Html {
  readonly markup: string
}

type Part = Html | string | number | undefined | readonly Html[]

/** `html`<p>${text}</p>``: texts are escaped, for an element as for an attribute in double quotes; pieces are not. */
export const html = (texts: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  markup: texts.reduce((made, text, index) => `${made}${markupOf(parts[index - 1])}${text}`),
})

function markupOf(part: Part): string {
  if (part === undefined) return ''
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part))
  return 'markup' in part ? part.markup : part.map(({ markup }) => markup).join('')
}

const escaped = (text: string): string => text.replace(/[&<>"'`]/g, character => `&#${character.charCodeAt(0)};`)

/** What is escaped already, or ours: a stylesheet, a script, JSON. */
export const asItIs = (markup: string): Html => ({ markup })

/** JSON that may stand in a script element: nothing in it can end one, or begin a comment. */
export const jsonIn = (value: unknown): Html =>
  asItIs(
    JSON.stringify(value).replace(
      /[<>&\u2028\u2029]/g,
      character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  )
