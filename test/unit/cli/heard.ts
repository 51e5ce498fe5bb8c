/**
 * Does something within a folder, and keeps what is printed meanwhile: both streams in one text, as a terminal would
 * show it.
 */
export async function heard(
  cwd: string,
  work: () => Promise<number>,
): Promise<{ readonly exitCode: number; readonly said: string }> {
  const before = { cwd: process.cwd(), out: process.stdout.write, error: process.stderr.write }
  const text: string[] = []
  const into = ((part: string | Uint8Array) => text.push(String(part)) > 0) as typeof process.stdout.write
  process.chdir(cwd)
  process.stdout.write = into
  process.stderr.write = into
  try {
    return { exitCode: await work(), said: text.join('') }
  } finally {
    process.stdout.write = before.out
    process.stderr.write = before.error
    process.chdir(before.cwd)
  }
}
