import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { findConfig } from './config/find.ts'

const home = new URL('../../package.json', import.meta.url)

/** `--version`, as Ansible has it: which program, which ansible.cfg, which interpreter. */
export const addVersion = (command: Command): Command =>
  command.version(versionText(), '--version', 'version, and which ansible.cfg counts')

/** The package's own. */
export function rotaVersion(): string {
  const { version }: { readonly version: string } = JSON.parse(readFileSync(home, 'utf8'))
  return version
}

function versionText(): string {
  const { file } = findConfig({ cwd: process.cwd(), env: process.env })
  return [
    `rota ${rotaVersion()}`,
    `  config file = ${file?.path ?? 'none'}`,
    `  location = ${fileURLToPath(new URL('.', home))}`,
    `  node version = ${process.version}`,
  ].join('\n')
}
