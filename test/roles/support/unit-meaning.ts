/**
 * What a unit file of systemd says: its settings by section, each with its values in order, lines that go on joined.
 */
export function unitMeaning(text: string): Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> {
  const sections: Record<string, Record<string, string[]>> = {}
  let section: Record<string, string[]> = {}
  for (const line of text.replace(/\\\n\s*/g, '').split('\n')) {
    const [, title] = /^\[(\w+)\]$/.exec(line) ?? []
    if (title !== undefined) {
      section = {}
      sections[title] = section
    }
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? []
    if (key === undefined || value === undefined) continue
    section[key] = [...(section[key] ?? []), value.replace(/\s+/g, ' ').trim()]
  }
  return sections
}
