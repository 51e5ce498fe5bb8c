// @ts-check
// What a page does when it is open: its pictures, its search. All that it shows of a run it sets as text.

/** @typedef {import('./picture.ts').Picture} Picture */
/** @typedef {import('uplot')} Plot */

/** Its script stands before this one. @type {typeof import('uplot')} */
const uPlot = Reflect.get(globalThis, 'uPlot')
/** @type {Picture} */
const picture = JSON.parse(byId('picture').textContent ?? '')
/** So many rows a picture has: what failed is among the first. */
const mostRows = 200
const rowHeight = 18
const mostLetters = Math.min(32, Math.max(6, ...picture.hosts.map(host => host.length)))
const labelWidth = 24 + 7.2 * mostLetters

/** @param {string} id */
function byId(id) {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no ${id}`)
  return found
}

/** @param {string} name */
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
/** @param {number} outcome */
const className = outcome => (picture.outcomes[outcome] ?? '').replace(' ', '-')

/** @param {number} value in seconds */
function clock(value) {
  const whole = Math.floor(value)
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const two = (/** @type {number} */ number) => String(number).padStart(2, '0')
  if (hours > 0) return `${hours}:${two(minutes)}:${two(seconds)}`
  return picture.seconds < 20 ? `${value.toFixed(1)} s` : `${minutes}:${two(seconds)}`
}

/** @type {Set<number> | undefined} */
let found
/** @type {Plot[]} */
let drawn = []

/** Rows of the picture: hosts that were worked on, as far as they are looked for. */
function rowsNow() {
  const worked = new Set(picture.spans.map(([host]) => host))
  return picture.hosts.flatMap((_, host) => (worked.has(host) && (!found || found.has(host)) ? [host] : []))
}

function draw() {
  const place = document.getElementById('timeline')
  if (!place) return
  for (const plot of drawn) plot.destroy()
  const all = rowsNow()
  const rows = all.slice(0, mostRows)
  const width = Math.max(480, (place.parentElement?.clientWidth ?? 800) - 2)
  byId('shown-hosts').textContent =
    all.length > rows.length ? `The first ${rows.length} of ${all.length} hosts: search for others by name.` : ''
  drawn = rows.length > 0 ? [timeline(place, rows, width)] : []
  drawn.push(curve(byId('curve'), width))
}

/** @param {Partial<import('uplot').Axis>} more */
const axis = more => ({
  stroke: colour('text'),
  grid: { stroke: colour('line'), width: 1 },
  ticks: { stroke: colour('line'), width: 1 },
  font: '12px system-ui, sans-serif',
  ...more,
})
/** Seconds between the lines of a time axis. */
const steps = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400]
/** @param {Partial<import('uplot').Axis>} more */
const timeAxis = (more = {}) => axis({ incrs: steps, values: (_, splits) => splits.map(clock), ...more })
/** @type {import('uplot').Scale} */
const timeScale = { time: false, range: (_, from, to) => [from ?? 0, Math.max(to ?? 0, 0.1)] }

/**
 * @param {HTMLElement} place
 * @param {readonly number[]} rows hosts, from above
 * @param {number} width
 */
function timeline(place, rows, width) {
  const rowOf = new Map(rows.map((host, row) => [host, row]))
  const spans = picture.spans.filter(([host]) => rowOf.has(host))
  const tip = document.createElement('div')
  tip.className = 'tip'
  tip.hidden = true
  const plot = new uPlot(
    {
      width,
      height: rows.length * rowHeight + 50,
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false } },
      scales: { x: timeScale, y: { dir: -1, range: () => [0, rows.length] } },
      axes: [
        // Above: below, it would be out of sight where there are many hosts.
        timeAxis({ side: 0 }),
        axis({
          size: labelWidth,
          splits: () => rows.map((_, row) => row + 0.5),
          values: () => rows.map(host => shortened(picture.hosts[host] ?? '')),
          grid: { show: false },
          ticks: { show: false },
        }),
      ],
      series: [{}, { show: true, stroke: 'transparent', points: { show: false } }],
      hooks: {
        draw: [plot => paint(plot, spans, rowOf)],
        setCursor: [plot => tell(plot, tip, spans, rows)],
      },
    },
    [
      [0, picture.seconds],
      [0, rows.length],
    ],
    place,
  )
  plot.over.append(tip)
  return plot
}

/** @param {string} host */
const shortened = host => (host.length > mostLetters ? `${host.slice(0, mostLetters - 1)}…` : host)

/**
 * @param {Plot} plot
 * @param {Picture['spans']} spans
 * @param {ReadonlyMap<number, number>} rowOf
 */
function paint(plot, spans, rowOf) {
  const { ctx } = plot
  const x = (/** @type {number} */ at) => plot.valToPos(at, 'x', true)
  const y = (/** @type {number} */ row) => plot.valToPos(row, 'y', true)
  const bar = (
    /** @type {number} */ from,
    /** @type {number} */ to,
    /** @type {number} */ top,
    /** @type {number} */ bottom,
    /** @type {string} */ style,
  ) => {
    ctx.fillStyle = style
    ctx.fillRect(x(from), y(top), Math.max(2, x(to) - x(from)), y(bottom) - y(top))
  }
  ctx.save()
  ctx.beginPath()
  ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height)
  ctx.clip()
  for (const [at] of picture.marks) bar(at, at, 0, rowOf.size, colour('mark'))
  for (const [host, , from, to, outcome, out, gate] of spans) {
    const row = rowOf.get(host) ?? 0
    bar(from, to, row + 0.12, row + 0.88, colour(className(outcome)))
    for (const [left, back] of out) bar(left, back, row + 0.68, row + 0.88, colour('out'))
    for (const [since, until] of gate) bar(since, until, row + 0.12, row + 0.32, colour('gate'))
  }
  ctx.restore()
}

/**
 * @param {Plot} plot
 * @param {HTMLElement} tip
 * @param {Picture['spans']} spans
 * @param {readonly number[]} rows
 */
function tell(plot, tip, spans, rows) {
  const { left = -1, top = -1 } = plot.cursor
  const host = rows[Math.floor(plot.posToVal(top, 'y'))]
  const at = plot.posToVal(left, 'x')
  const slack = plot.posToVal(left + 3, 'x') - at
  const span = left < 0 ? undefined : spans.find(one => one[0] === host && one[2] - slack <= at && at <= one[3] + slack)
  tip.hidden = span === undefined
  if (!span) return
  const [, play, from, to, outcome] = span
  tip.textContent = `${picture.hosts[span[0]]}: ${picture.outcomes[outcome]}, ${clock(from)} to ${clock(to)} (${(to - from).toFixed(1)} s), ${picture.plays[play]}`
  const isRight = left > plot.over.clientWidth / 2
  tip.style.left = isRight ? '' : `${left + 12}px`
  tip.style.right = isRight ? `${plot.over.clientWidth - left + 12}px` : ''
  tip.style.top = `${Math.max(0, top - 8)}px`
}

/**
 * @param {HTMLElement} place
 * @param {number} width
 */
function curve(place, width) {
  const { at, work, serve } = picture.curve
  const stepped = uPlot.paths.stepped?.({ align: 1 })
  const line = (/** @type {string} */ label, /** @type {string} */ name) => ({
    label,
    stroke: colour(name),
    width: 2,
    ...(stepped ? { paths: stepped } : {}),
    points: { show: false },
    value: (/** @type {Plot} */ _, /** @type {number | null} */ value) => (value === null ? '' : String(value)),
  })
  return new uPlot(
    {
      width,
      height: 190,
      cursor: { y: false, drag: { x: true, y: false } },
      scales: { x: timeScale, y: { range: (_, __, most) => [0, Math.max(1, most) * 1.1] } },
      axes: [timeAxis(), axis({ size: labelWidth, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] })],
      series: [
        { label: 'at', value: (_, value) => (value === null ? '' : clock(value)) },
        line('hosts in service', 'serve'),
        line('hosts at work', 'work'),
      ],
    },
    [at.slice(), serve.slice(), work.slice()],
    place,
  )
}

/** The picture as a table, once it is looked at. */
function fillTable() {
  const body = document.querySelector('#times tbody')
  if (!body) return
  const rows = new Map(rowsNow().map((host, row) => [host, row]))
  const sum = (/** @type {readonly (readonly [number, number])[]} */ stretches) =>
    stretches.length === 0 ? '' : `${stretches.reduce((all, [from, to]) => all + to - from, 0).toFixed(1)} s`
  const spans = picture.spans
    .filter(([host]) => rows.has(host))
    .sort(([a, playA], [b, playB]) => (rows.get(a) ?? 0) - (rows.get(b) ?? 0) || playA - playB)
  body.replaceChildren(
    ...spans.map(([host, play, from, to, outcome, out, gate]) => {
      const cells = [picture.plays[play], from, to, picture.outcomes[outcome], sum(out), sum(gate)]
      const head = document.createElement('th')
      head.scope = 'row'
      head.textContent = picture.hosts[host] ?? ''
      const row = document.createElement('tr')
      row.append(
        head,
        ...cells.map(text => {
          const cell = document.createElement('td')
          cell.textContent = String(text)
          return cell
        }),
      )
      return row
    }),
  )
}

/** @param {string | undefined} ranges `0-4,7` */
const hostsIn = (ranges = '') =>
  ranges.split(',').flatMap(range => {
    if (range === '') return []
    const [from = 0, to = from] = range.split('-').map(Number)
    return Array.from({ length: to - from + 1 }, (_, index) => from + index)
  })

const search = /** @type {HTMLInputElement} */ (byId('search'))
const boxes = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('input[name=sort]')])
const cards = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('.card')]).map(element => ({
  element,
  sort: element.dataset.sort,
  hosts: hostsIn(element.dataset.hosts),
  text: (element.textContent ?? '').toLowerCase(),
}))

function filter() {
  const sought = search.value.trim().toLowerCase()
  const wanted = new Set(boxes.filter(box => box.checked).map(box => box.value))
  const named = new Set(picture.hosts.flatMap((host, at) => (host.toLowerCase().includes(sought) ? [at] : [])))
  let count = 0
  for (const { element, sort, hosts, text } of cards) {
    const isSought = sought === '' || text.includes(sought) || hosts.some(host => named.has(host))
    element.hidden = !(isSought && wanted.has(sort ?? ''))
    if (!element.hidden) count += 1
  }
  byId('found').textContent = sought === '' && wanted.size === boxes.length ? '' : `${count} of ${cards.length} shown`
  // What names no host says nothing of whom to draw.
  found = sought === '' || named.size === 0 ? undefined : named
  if (/** @type {HTMLDetailsElement | null} */ (document.querySelector('#times'))?.open) fillTable()
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let waiting
function soon() {
  clearTimeout(waiting)
  waiting = setTimeout(draw, 150)
}

search.form?.addEventListener('submit', event => event.preventDefault())
search.form?.addEventListener('input', () => {
  filter()
  soon()
})
document.querySelector('#times')?.addEventListener('toggle', fillTable)
for (const { element, hosts } of cards)
  element.querySelector('details.who')?.addEventListener('toggle', ({ currentTarget }) => {
    const names = /** @type {Element} */ (currentTarget).querySelector('.names')
    if (names) names.textContent = hosts.map(host => picture.hosts[host]).join(', ')
  })
addEventListener('resize', soon)
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw)
draw()

export {}
