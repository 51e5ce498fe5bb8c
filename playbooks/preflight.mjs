#!/usr/bin/env zx
// @ts-check
// Looks for all that would stop an upgrade half-way, on all hosts at once: a table, and exit code 2 if anything of it
// is refused. Changes nothing.
import { playbook } from 'rota'
import { kubesprayInventory } from 'rota/roles'
import { nothingStandsInTheWay } from './parts/preflight.mjs'

await playbook('preflight', [nothingStandsInTheWay], { inventory: kubesprayInventory })
