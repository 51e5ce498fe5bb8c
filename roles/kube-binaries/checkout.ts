import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { failure } from 'rota'
import { parse } from 'yaml'
import type { Checksums, Origins } from './places.ts'

/** Where kubespray has its checksums, since 2.28 and until then. */
const files = [
  'roles/kubespray_defaults/vars/main',
  'roles/kubespray-defaults/defaults/main',
  'roles/kubespray_defaults/defaults/main',
]

type Sums = Pick<Origins, 'kubeadmChecksums' | 'kubeletChecksums' | 'kubectlChecksums'>

/** The checksums of a checkout of kubespray. Throws a failure where there are none. */
export function checksumsOf(checkout: string): Sums {
  const path = files.map(dir => join(checkout, dir, 'checksums.yml')).find(file => existsSync(file))
  if (path === undefined) throw failure(`${checkout} is no checkout of kubespray: it has no checksums.yml`)
  const read: unknown = parse(readFileSync(path, 'utf8'))
  const values = isObject(read) ? read : {}
  const of = (name: string): Checksums | undefined => {
    const sums = values[`${name}_checksums`]
    return isObject(sums) ? sums : undefined
  }
  return { kubeadmChecksums: of('kubeadm'), kubeletChecksums: of('kubelet'), kubectlChecksums: of('kubectl') }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
