// @ts-check
/** @import { Row } from './table.mjs' */

const colors = new Map([
  ['floor', '#5f6b7a'],
  ['ssh true', '#b4bcc6'],
  ['rota', '#0b7d5b'],
  ['pyinfra', '#c77d0a'],
  ['mitogen', '#8a4fbf'],
  ['ansible', '#b3261e'],
])
const titles = new Map([
  ['none-cold', 'nothing to change'],
  ['none-warm', 'nothing to change, connections warm'],
  ['change-cold', 'one upstream added'],
  ['change-warm', 'one upstream added, connections warm'],
  ['first', 'first run'],
])

const width = 760
const left = 190
const bar = 15
const ticks = [0.1, 0.3, 1, 3, 10, 30, 100, 300]

/** @param {string} text */
const escaped = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/**
 * Bars of seconds on a logarithmic scale, a block for each mode and number of hosts. Plain SVG.
 * @param {readonly Row[]} rows
 * @param {string} caption
 */
export function plot(rows, caption) {
  const near = rows.filter(({ rtt }) => rtt === 0)
  const most = Math.max(...near.map(({ wall }) => wall), 1)
  const least = Math.min(...near.map(({ wall }) => wall), 0.1) / 1.5
  const x = (/** @type {number} */ seconds) =>
    left + ((width - left - 60) * Math.log(seconds / least)) / Math.log((most * 1.2) / least)
  /** @type {string[]} */
  const parts = []
  let y = 30
  for (const mode of titles.keys()) {
    const blocks = near.filter(row => row.mode === mode)
    if (blocks.length === 0) continue
    parts.push(`<text x="12" y="${y}" class="mode">${escaped(titles.get(mode) ?? mode)}</text>`)
    y += 10
    for (const hosts of [...new Set(blocks.map(row => row.hosts))]) {
      const block = blocks.filter(row => row.hosts === hosts).sort((a, b) => a.wall - b.wall)
      for (const [index, { tool, wall }] of block.entries()) {
        const label = index === 0 ? `${hosts} ${hosts === 1 ? 'host' : 'hosts'}` : ''
        const middle = y + bar - 4
        parts.push(
          `<text x="12" y="${middle}">${label}</text><text x="${left - 8}" y="${middle}" text-anchor="end">${escaped(tool)}</text>`,
          `<rect x="${left}" y="${y}" width="${Math.max(1, x(wall) - left).toFixed(1)}" height="${bar - 3}" fill="${colors.get(tool) ?? '#888'}"/>`,
          `<text x="${(x(wall) + 5).toFixed(1)}" y="${middle}">${wall < 10 ? wall.toFixed(2) : wall.toFixed(0)} s</text>`,
        )
        y += bar
      }
      y += 7
    }
    y += 16
  }
  const lines = ticks
    .filter(tick => tick > least && tick < most * 1.2)
    .map(
      tick =>
        `<line x1="${x(tick).toFixed(1)}" x2="${x(tick).toFixed(1)}" y1="14" y2="${y - 14}" stroke="#e3e6ea"/><text x="${x(tick).toFixed(1)}" y="${y}" text-anchor="middle" class="small">${tick} s</text>`,
    )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 30}" font-family="system-ui, sans-serif" font-size="11" fill="#1d232b">
<title>Seconds of a run, by tool and number of hosts</title>
<style>.mode{font-weight:600;font-size:13px}.small{font-size:10px;fill:#5f6b7a}</style>
<rect width="100%" height="100%" fill="#fff"/>
${[...lines, ...parts].join('\n')}
<text x="12" y="${y + 20}" class="small">${escaped(caption)}</text>
</svg>
`
}
