import { file, type Task } from 'rota'
import type { Pair } from './wish.ts'

export interface PlaceOptions {
  readonly owner?: string
  readonly notify?: string | readonly string[]
}

/** A certificate and its key as files of a host: the key is for its owner alone. */
export const pairFiles = (path: string, pair: Pair, options: PlaceOptions = {}): readonly Task[] => [
  keyFile(`${path}.key`, pair.key, options),
  certificateFile(`${path}.crt`, pair.certificate, options),
]

export const keyFile = (path: string, key: string, options: PlaceOptions = {}): Task =>
  file({ path, content: key, mode: '0600', secret: true, backup: false, ...placed(options) })

export const certificateFile = (path: string, certificate: string, options: PlaceOptions = {}): Task =>
  file({ path, content: certificate, mode: '0644', ...placed(options) })

const placed = ({ owner = 'root', notify }: PlaceOptions) => ({
  owner,
  group: owner,
  ...(notify === undefined ? {} : { notify }),
})
