import type { VariantName } from '../defaults.ts'
import { docker } from './docker.ts'
import { source } from './source.ts'
import { staticPod } from './static-pod.ts'
import { system } from './system.ts'
import type { Variant } from './variant.ts'

/** The set-ups by the value of the param. */
export const variants: Readonly<Record<VariantName, Variant>> = { system, docker, 'static-pod': staticPod, source }
