#!/usr/bin/env zx
// @ts-check
// What `npm pack` packs: engine, roles and command compiled (as a checkout compiles them for itself, in engine/load),
// and their types.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from 'zx'
import { compile } from '../../engine/load/compile.mjs'
import { root } from '../../engine/load/ready.mjs'

const dist = join(root, 'dist')
await rm(dist, { recursive: true, force: true })
await Promise.all([
  compile({ outdir: dist, for: 'package' }),
  $({ cwd: root })`npx tsc -p scripts/package/tsconfig.json`,
])
// The types name Node's, and a repository need not have named them itself.
const types = join(dist, 'types/engine/index.d.ts')
await writeFile(types, `/// <reference types="node" />\n${await readFile(types, 'utf8')}`)
