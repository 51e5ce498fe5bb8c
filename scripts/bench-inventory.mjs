#!/usr/bin/env zx
// @ts-check
// How long does an inventory take to load, against reading and JSON-parsing the same data? `npx zx
// scripts/bench-inventory.mjs [--hosts N] [--vars N] [--runs N] [--only ini]`. Both in turn in one process, medians;
// what is compared with is JSON in the same number of files.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { argv } from 'zx'
import '../engine/register.mjs'

const { loadInventory } = await import('../engine/inventory/index.ts')
const hosts = Number(argv.hosts ?? 10_000)
const count = Number(argv.vars ?? 50)
const runs = Number(argv.runs ?? 7)

/** Text, numbers, booleans, as inventories have them. @param {number} host @param {number} index */
const value = (host, index) =>
  [`value-${host}-${index}`, host * index, index % 3 === 0, `10.0.${index}.${host % 250}`][index % 4]
/** @param {number} host */
const varsOf = host =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`variable_${index}`, value(host, index)]))
/** @param {unknown} one */
const ini = one => (typeof one === 'boolean' ? (one ? 'True' : 'False') : String(one))
/** @param {Record<string, unknown>} vars @param {string} indent */
const yaml = (vars, indent) =>
  Object.entries(vars)
    .map(([name, one]) => `${indent}${name}: ${one}\n`)
    .join('')

const directory = mkdtempSync(join(tmpdir(), 'rota-bench-'))
/** @param {string} name @param {string} text */
const write = (name, text) => {
  mkdirSync(join(directory, name, '..'), { recursive: true })
  writeFileSync(join(directory, name), text)
}
const names = Array.from({ length: hosts }, (_, host) => `host-${host}`)
const data = Object.fromEntries(names.map((name, host) => [name, varsOf(host)]))
const all = Object.entries(data)
write('one.json', JSON.stringify(data))
write(
  'ini/hosts.ini',
  `[web]\n${all
    .map(
      ([name, vars]) =>
        `${name} ${Object.entries(vars)
          .map(([key, one]) => `${key}=${ini(one)}`)
          .join(' ')}`,
    )
    .join('\n')}\n`,
)
write('json/hosts.json', JSON.stringify({ all: { hosts: data } }))
write(
  'yaml/hosts.yml',
  `all:\n  hosts:\n${all.map(([name, vars]) => `    ${name}:\n${yaml(vars, '      ')}`).join('')}`,
)
write('files/hosts.ini', `${names.join('\n')}\n`)
for (const [name, vars] of all) {
  write(`files/host_vars/${name}.yml`, yaml(vars, ''))
  write(`many/${name}.json`, JSON.stringify(vars))
}

const parseOne = () => [JSON.parse(readFileSync(join(directory, 'one.json'), 'utf8'))]
const parseMany = () =>
  readdirSync(join(directory, 'many')).map(name => JSON.parse(readFileSync(join(directory, 'many', name), 'utf8')))

/** @type {readonly (readonly [string, string, () => unknown[]])[]} */
const formats = [
  ['ini', 'ini/hosts.ini', parseOne],
  ['json', 'json/hosts.json', parseOne],
  ['yaml', 'yaml/hosts.yml', parseOne],
  ['host_vars', 'files/hosts.ini', parseMany],
]
/** Of the processor, not of the clock: what else the machine does counts less. @param {() => unknown} work */
async function seconds(work) {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
/** @param {number[]} list */
const median = list => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0

console.log(`${hosts} hosts with ${count} variables each; medians of ${runs} pairs`)
console.log('format       JSON s   load s   ratio   with every value read s   ratio')
try {
  for (const [format, source, parse] of formats) {
    if (argv.only !== undefined && argv.only !== format) continue
    /** @type {[number[], number[], number[]]} */
    const [base, load, loadAndRead] = [[], [], []]
    for (let run = -1; run < runs; run += 1) {
      const b = await seconds(parse)
      /** @type {import('../engine/inventory/index.ts').Inventory | undefined} */
      let inventory
      const l = await seconds(async () => {
        inventory = await loadInventory({ sources: [join(directory, source)] })
      })
      const r = await seconds(() => {
        for (const host of inventory?.hosts.values() ?? [])
          for (const variable of host.vars.values()) void variable.value
      })
      // The first pair warms up.
      if (run < 0) continue
      base.push(b)
      load.push(l / b)
      loadAndRead.push((l + r) / b)
    }
    const [b, l, w] = [median(base), median(load), median(loadAndRead)]
    console.log(
      `${format.padEnd(10)} ${b.toFixed(3).padStart(8)} ${(l * b).toFixed(3).padStart(8)} ${l.toFixed(2).padStart(7)} ${(w * b).toFixed(3).padStart(25)} ${w.toFixed(2).padStart(7)}`,
    )
  }
} finally {
  rmSync(directory, { recursive: true })
}
