/** How much, in a few characters: `71.2 MB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  return bytes < 999_950 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

const width = 20

/** How far something is: a bar where it is known how much there is in all. ASCII, for it is counted in columns. */
export function barText(done: number, total: number | undefined): string {
  if (total === undefined || total === 0) return bytesText(done)
  const part = Math.min(1, done / total)
  const full = Math.round(part * width)
  const percent = String(Math.floor(part * 100)).padStart(3)
  return `[${'='.repeat(full)}${' '.repeat(width - full)}]${percent} % of ${bytesText(total)}`
}
