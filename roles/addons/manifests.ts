import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { messageOf } from 'rota'

/** What is wrong with a file of manifests, or a folder of them, on the control machine. */
export function manifestProblems(path: string): readonly string[] {
  try {
    const files = filesOf(path)
    if (files.length === 0) return [`${path} has no file that ends in .yaml, .yml or .json`]
    if (files.some(file => /^kustomization\.ya?ml$/.test(basename(file))))
      return [`${path} is a kustomization: build it (kubectl kustomize ${path} >FILE), and name the file`]
    return files.flatMap(fileProblems)
  } catch (error) {
    return [unreadable(path, error)]
  }
}

/** What is wrong with a file that is sent as it is. */
export function fileProblems(path: string): readonly string[] {
  try {
    const inVault = readFileSync(path, 'utf8').startsWith('$ANSIBLE_VAULT;')
    return inVault ? [`${path} is in a vault, and files are sent as they are`] : []
  } catch (error) {
    return [unreadable(path, error)]
  }
}

const unreadable = (path: string, error: unknown): string =>
  `${path} on this machine can't be read: ${messageOf(error)}`

/** All of them as one text. YAML, also where the first of them is JSON: kubectl goes by how the text begins. */
export const manifestText = (path: string): string =>
  filesOf(path)
    .map(file => `---\n${readFileSync(file, 'utf8')}`)
    .join('\n')

/** As kubectl reads a folder: by name, without those that are further down. */
const filesOf = (path: string): readonly string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .filter(name => /\.(ya?ml|json)$/.test(name))
        .sort()
        .map(name => join(path, name))
    : [path]
