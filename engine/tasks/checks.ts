/**
 * Problems that arguments of several kinds can have. Each returns what is wrong, in words for the operator, or nothing.
 */

export function pathProblems(name: string, path: string): readonly string[] {
  if (typeof path !== 'string' || !path.startsWith('/')) return [`${name}: ${show(path)} is not an absolute path`]
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\u0000-\u001f]/.test(path)) return [`${name}: ${show(path)} holds a control character`]
  if (path.includes('..') && path.split('/').includes('..'))
    return [`${name}: ${show(path)} holds "..": write the path it means`]
  return path.length > 1 && path.endsWith('/') ? [`${name}: ${show(path)} must not end in a slash`] : []
}

export function modeProblems(mode: string | undefined): readonly string[] {
  if (mode === undefined) return []
  if (typeof mode !== 'string') return [`mode: ${show(mode)} is not a text: write '0644', in quotes`]
  return /^[0-7]{3,4}$/.test(mode) ? [] : [`mode: ${show(mode)} is not octal: write '0644'`]
}

export function ownerProblems(args: { readonly owner?: string; readonly group?: string }): readonly string[] {
  if (args.owner === undefined && args.group === undefined) return []
  return (['owner', 'group'] as const).flatMap(name => {
    const value = args[name]
    return value === undefined || /^[A-Za-z0-9_][A-Za-z0-9_.@\\ -]*\$?$/.test(value)
      ? []
      : [`${name}: ${show(value)} is not a name or a number`]
  })
}

export function unitProblems(name: string): readonly string[] {
  if (!/^[A-Za-z0-9:_.\\@-]+$/.test(name)) return [`name: ${show(name)} is not the name of a unit`]
  return /@(\.\w+)?$/.test(name) ? [`name: ${show(name)} is a template: name an instance of it`] : []
}

/** A misspelt one would be taken for the default, which may be the opposite of what is meant. */
export const stateProblems = (
  state: string | undefined,
  known: readonly string[] = ['present', 'absent'],
): readonly string[] =>
  state === undefined || known.includes(state) ? [] : [`state: ${show(state)} is none of ${known.join(', ')}`]

export function secondsProblems(name: string, value: number | undefined): readonly string[] {
  return value === undefined || (Number.isFinite(value) && value >= 0)
    ? []
    : [`${name}: ${show(value)} is not a number of seconds`]
}

export function envProblems(env: Readonly<Record<string, string>> | undefined): readonly string[] {
  return Object.keys(env ?? {}).flatMap(name =>
    /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? [] : [`env: ${show(name)} can't be the name of a variable`],
  )
}

export const fourDigits = (mode: string): string => mode.padStart(4, '0')

const show = (value: unknown): string => JSON.stringify(value)
