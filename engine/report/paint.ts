/** Colours, or none. */
export interface Paint {
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly red: (text: string) => string
  readonly cyan: (text: string) => string
  readonly dim: (text: string) => string
  readonly bold: (text: string) => string
}

export function painter(color: boolean): Paint {
  // Line by line, so that a line that is cut off or moved takes no colour to the next.
  const style = (open: number, close: number) => (text: string) =>
    color ? text.replace(/[^\n]+/g, part => `\x1b[${open}m${part}\x1b[${close}m`) : text
  return {
    green: style(32, 39),
    yellow: style(33, 39),
    red: style(31, 39),
    cyan: style(36, 39),
    dim: style(2, 22),
    bold: style(1, 22),
  }
}

/** NO_COLOR (no-color.org) and dumb terminals are respected. */
export const wantsColor = (): boolean =>
  process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb'
