// @ts-check
// `node --import rota/register playbook.mjs`: what follows may import TypeScript, on Node 20 too. The engine is loaded
// first: it is no TypeScript any more, and would only be slowed down by the hooks.
import { load } from './index.mjs'

await load('engine')
