import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { findConfig } from './config/find.ts'

/** `--version`, as Ansible has it: which program, which ansible.cfg, which interpreter. */
export const addVersion = (command: Command): Command =>
  command.version(versionText(), '--version', 'version, and which ansible.cfg counts')

function versionText(): string {
  const home = new URL('../../package.json', import.meta.url)
  const { version }: { version: string } = JSON.parse(readFileSync(home, 'utf8'))
  const { file } = findConfig({ cwd: process.cwd(), env: process.env })
  return [
    `rota ${version}`,
    `  config file = ${file?.path ?? 'none'}`,
    `  location = ${fileURLToPath(new URL('.', home))}`,
    `  node version = ${process.version}`,
  ].join('\n')
}
