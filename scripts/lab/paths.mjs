// @ts-check
import { homedir } from 'node:os'
import { join } from 'node:path'

const base = (variable, fallback) => process.env[variable] || join(homedir(), fallback)

/** What is dear to make and belongs to no lab: Kubernetes, the engine's own files, the compiled prober. */
export const cacheDir = () => join(base('XDG_CACHE_HOME', '.cache'), 'rota-lab')

/** What one lab owns: key, known_hosts, password, state.json. */
export const stateDir = name => join(base('XDG_STATE_HOME', '.local/state'), 'rota-lab', name)
