import { rota } from '../../engine/cli/rota.ts'

/** Runs `rota` in this process: what it prints, and its exit code. */
export async function runRota(args: readonly string[], cwd: string) {
  const before = { cwd: process.cwd(), out: process.stdout.write, error: process.stderr.write }
  const said = { out: '', error: '' }
  const into = (name: 'out' | 'error') =>
    ((text: string | Uint8Array) => {
      said[name] += typeof text === 'string' ? text : Buffer.from(text).toString()
      return true
    }) as typeof process.stdout.write
  process.chdir(cwd)
  process.stdout.write = into('out')
  process.stderr.write = into('error')
  try {
    const exitCode = await rota(args)
    return { exitCode, ...said }
  } finally {
    process.stdout.write = before.out
    process.stderr.write = before.error
    process.chdir(before.cwd)
  }
}
