// @ts-check
import { ansible, mitogen } from './ansible.mjs'
import { pyinfra } from './pyinfra.mjs'
import { rota } from './rota.mjs'
import { floor, sshTrue } from './ssh.mjs'

/** In the order in which they take turns. @type {readonly import('../types.ts').Tool[]} */
export const tools = [sshTrue, floor, rota, pyinfra, mitogen, ansible]
