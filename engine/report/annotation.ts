/** A line that GitHub Actions makes an annotation of: one line, whatever it says, in which no other command begins. */
export const annotation = (text: string, properties: Readonly<Record<string, string>>): string => {
  const words = Object.entries(properties).map(([name, value]) => `${name}=${escaped(value, /[%\r\n:,]/g)}`)
  return `::error${words.length > 0 ? ` ${words.join(',')}` : ''}::${escaped(text, /[%\r\n]/g)}`
}

const escaped = (text: string, which: RegExp): string =>
  text.replace(which, character => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
