// @ts-check
// The same as a command of its own, for a control machine that dies.
import { playbook } from 'rota'
import { plays } from './plays.mjs'

await playbook('faults', plays(process.env.ROTA_FAULTS_FETCHED ?? ''))
