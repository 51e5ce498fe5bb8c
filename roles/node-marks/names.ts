const word = '[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?'
const domain = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*'
const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`)

/** The name of a label or the key of a taint, as Kubernetes has it: `zone`, `example.com/zone`. */
export function isMarkName(name: string): boolean {
  const [last = '', prefix, ...more] = name.split('/').reverse()
  if (more.length > 0 || last.length > 63 || !whole(word).test(last)) return false
  return prefix === undefined || (prefix.length <= 253 && whole(domain).test(prefix))
}

/** Its value. */
export const isMarkValue = (value: string): boolean => value === '' || (value.length <= 63 && whole(word).test(value))

/** What is wrong with the two, or nothing. */
export function badMark(name: string, value: string): string | undefined {
  if (!isMarkName(name))
    return 'a name is up to 63 letters, digits, - . and _, with a letter or digit at both ends, after a domain and / or without'
  if (!isMarkValue(value))
    return 'a value is empty, or up to 63 letters, digits, - . and _, with a letter or digit at both ends'
  return undefined
}
