/**
 * A regular expression as people write it for Ansible: JavaScript's own, plus leading flags `(?i)`, `(?m)`, `(?s)` and named groups
 * `(?P<name>…)`. Throws a SyntaxError when it is neither.
 */
export function regexp(source: string): RegExp {
  const [, flags = '', rest = source] = /^\(\?([ims]+)\)(.*)$/s.exec(source) ?? []
  const text = rest
    .replaceAll('(?P<', '(?<')
    .replaceAll('(?P=', '\\k<')
    .replaceAll('\\Z', '(?![\\s\\S])')
    .replaceAll('\\A', '(?<![\\s\\S])')
  return new RegExp(text, `u${flags}`.replace('u', needsLoose(text) ? '' : 'u'))
}

export function regexpProblems(name: string, source: string | undefined): readonly string[] {
  if (source === undefined) return []
  try {
    regexp(source)
    return []
  } catch (error) {
    return [`${name}: ${error instanceof Error ? error.message : String(error)}`]
  }
}

// Unicode mode refuses escapes that Python takes, such as \- or \#; without it only letters beyond 16 bits count as two.
function needsLoose(text: string): boolean {
  try {
    new RegExp(text, 'u')
    return false
  } catch {
    return true
  }
}
