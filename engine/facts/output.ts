/** The channel captures what a probe prints with `$(…)`, which drops the line feeds at its end: this puts one back. */
export const endedLine = (output: string): string => (output === '' || output.endsWith('\n') ? output : `${output}\n`)
