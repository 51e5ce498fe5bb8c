// @ts-check
import { $, chalk, fs } from 'zx'

/** @param {string} text */
export const chapter = text => console.log(chalk.bold.cyan(`\n── ${text}`))

/**
 * What a story is told with: a lab's own playbooks and inventory.
 * @param {string} inventory
 */
export const on = inventory => ({
  /** @param {string} playbook @param {string[]} flags */
  async run(playbook, ...flags) {
    const words = [`playbooks/${playbook}.mjs`, '-i', inventory, ...flags]
    console.log(chalk.dim(`$ npx zx ${words.join(' ')}`))
    await $({ stdio: 'inherit' })`node node_modules/zx/build/cli.js ${words}`
  },
  /** @param {(text: string) => string} change */
  async edit(change) {
    await fs.writeFile(inventory, change(await fs.readFile(inventory, 'utf8')))
  },
})

/** The last line, and the exit code. @param {boolean} good @param {string} text */
export function conclude(good, text) {
  console.log(`\n${good ? chalk.green('done') : chalk.red('FAILED')}: ${text}`)
  if (!good) process.exitCode = 2
}
