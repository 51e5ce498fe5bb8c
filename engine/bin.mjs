#!/usr/bin/env node
import './register.mjs'

const { rota } = await import('./cli/rota.ts')
process.exitCode = await rota(process.argv.slice(2))
