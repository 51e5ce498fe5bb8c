import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { outcomeOf } from '../story.ts'
import { plays } from './done.ts'
import { about, left } from './end.ts'
import { failures } from './failures.ts'
import { head } from './head.ts'
import { asItIs, type Html, html, jsonIn } from './markup.ts'
import type { Paged } from './paged.ts'
import { pictureOf } from './picture.ts'
import { pictures } from './time.ts'

/** One page that needs nothing else: no server, no other file. Of 1,000 hosts it has less than a megabyte. */
export function pageOf(paged: Paged): string {
  const { story, state, told } = paged
  const picture = pictureOf(told)
  const place = new Map(picture.hosts.map((host, index) => [host, index]))
  const { plot, plotStyle, script, style } = parts()
  const title = `${story.playbook}: ${outcomeOf(story, state)}`
  // As browsers do, before a policy is compared with what stands there.
  const styles = `${plotStyle}\n${style}`
  const policy = [
    `default-src 'none'`,
    `script-src ${[plot, script].map(hashOf).join(' ')}`,
    `style-src ${hashOf(styles)}`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ')
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${asItIs(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="Rota">
<title>${title}</title>
<style>${asItIs(styles)}</style>
</head>
<body>
<a class="skip" href="#failures">To what failed</a>
<header>
${head(paged)}
</header>
<main>
${filters()}
${failures(paged, place)}
${pictures(picture)}
${plays(told, place)}
${left(paged)}
${about(paged)}
</main>
<script type="application/json" id="picture">${jsonIn(picture)}</script>
<script>${asItIs(plot)}</script>
<script type="module">${asItIs(script)}</script>
</body>
</html>
`
  return page.markup
}

/** What is the same in each page. Of the script's and the style's own text nothing comes from a run. */
function parts() {
  const plotDir = new URL('./', `file://${createRequire(import.meta.url).resolve('uplot/dist/uPlot.iife.min.js')}`)
  const read = (name: string, from: string | URL) => readFileSync(new URL(name, from), 'utf8').replaceAll('\r\n', '\n')
  return {
    plot: read('uPlot.iife.min.js', plotDir),
    plotStyle: read('uPlot.min.css', plotDir),
    script: read('./client.js', import.meta.url),
    style: read('./client.css', import.meta.url),
  }
}

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

const sorts = [
  ['failed', 'Failures'],
  ['changed', 'Changes'],
  ['warning', 'Warnings'],
  ['other', 'All else'],
] as const

const filters = (): Html => html`<form class="filters" role="search" aria-label="this report">
<label for="search">Search hosts, tasks, texts</label>
<input id="search" type="search" autocomplete="off" spellcheck="false">
<fieldset><legend>Show</legend>${sorts.map(
  ([sort, name]) => html`<label><input type="checkbox" name="sort" value="${sort}" checked> ${name}</label>`,
)}</fieldset>
<p id="found" role="status"></p>
</form>`
