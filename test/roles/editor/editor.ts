import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { getLanguageService }: typeof import('yaml-language-server') = require('yaml-language-server')
const { TextDocument }: typeof import('vscode-languageserver-textdocument') =
  require('vscode-languageserver-textdocument')

let version = 0

/** What yaml-language-server, which editors run, says of files of variables: the schema is the only one it has. */
export function editorWith(schema: object) {
  const service = getLanguageService({
    schemaRequestService: async uri => {
      throw new Error(`nothing is fetched: ${uri}`)
    },
    workspaceContext: { resolveRelativePath: path => path },
  })
  service.configure({
    validate: true,
    hover: true,
    completion: true,
    yamlVersion: '1.1',
    customTags: ['!vault scalar', '!unsafe scalar'],
    schemas: [{ uri: 'file:///schema.json', fileMatch: ['*.yml'], schema }],
  })
  // What it has parsed it keeps by name and version.
  const open = (text: string) => {
    version += 1
    return TextDocument.create('file:///group_vars/all.yml', 'yaml', version, text)
  }
  return {
    /** Lines, from 1, with what is said of them. */
    problems: async (text: string) => {
      const found = await service.doValidation(open(text), false)
      return found.map(({ range, message }) => ({
        line: range.start.line + 1,
        message,
      }))
    },
    hover: async (text: string, line: number, character: number) => {
      const found = await service.doHover(open(text), { line: line - 1, character })
      return JSON.stringify(found?.contents ?? '')
    },
    complete: async (text: string, line: number, character: number) => {
      const { items } = await service.doComplete(open(text), { line: line - 1, character }, false)
      return items.map(({ label }) => label)
    },
  }
}
