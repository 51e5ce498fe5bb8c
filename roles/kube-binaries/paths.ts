import { withV } from '../lib/version.ts'

export interface Installed {
  readonly installDir: string
  readonly kubeVersion: string
}

export const versionDirOf = ({ installDir, kubeVersion }: Installed): string => `${installDir}/${withV(kubeVersion)}`
export const binDirOf = (installed: Installed): string => `${versionDirOf(installed)}/bin`
