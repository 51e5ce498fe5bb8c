/**
 * A name that is one file name and one shell word: letters, digits, `.`, `_`, `-`, and the rest as %XX. Never `.` or
 * `..`.
 */
export const encodeName = (name: string): string =>
  encodeURIComponent(name)
    .replaceAll(/[!'()*~]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/^\./, '%2E')

export const decodeName = (name: string): string => decodeURIComponent(name)
