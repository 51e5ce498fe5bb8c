#!/usr/bin/env node
import { load } from './load/index.mjs'

const { rota } = await load('rota')
process.exitCode = await rota(process.argv.slice(2))
