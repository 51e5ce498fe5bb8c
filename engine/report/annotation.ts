/** A line that GitHub Actions makes an annotation of. It is one, whatever stands in it: no other command can begin there. */
export const annotation = (text: string, properties: Readonly<Record<string, string>>): string => {
  const words = Object.entries(properties).map(([name, value]) => `${name}=${escaped(value, /[%\r\n:,]/g)}`)
  return `::error${words.length > 0 ? ` ${words.join(',')}` : ''}::${escaped(text, /[%\r\n]/g)}`
}

const escaped = (text: string, which: RegExp): string =>
  text.replace(which, character => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
