import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { quoted } from './output.ts'

export interface KernelModuleArgs {
  readonly name: string
}

/** `available`: not loaded, but there to be loaded. */
export type KernelModuleFact = { readonly state: 'loaded' | 'builtin' | 'available' | 'missing' }

/** Kernel modules: loaded, part of the kernel, or in its module directory. */
export const kernelModule = defineFact<KernelModuleArgs, KernelModuleFact>({
  name: 'kernelModule',
  probe: args => `d=/lib/modules/$(uname -r)
for m in ${args.map(({ name }) => quote(moduleName(name))).join(' ')}; do
  if grep -q "^$m " /proc/modules 2>/dev/null; then echo loaded
  elif grep -q "/$(echo "$m" | sed 's/_/[_-]/g')\\.ko" "$d/modules.builtin" 2>/dev/null; then echo builtin
  elif grep -q "/$(echo "$m" | sed 's/_/[_-]/g')\\.ko[^:/]*:" "$d/modules.dep" 2>/dev/null; then echo available
  elif [ -d "/sys/module/$m" ]; then echo builtin
  else echo missing; fi
done`,
  parse: (output, args) => {
    const rows = output.split('\n')
    return args.map((_, index) => {
      const state = rows[index]
      if (state === 'loaded' || state === 'builtin' || state === 'available' || state === 'missing') return { state }
      throw new Error(`unexpected answer about a kernel module: ${quoted(state)}`)
    })
  },
})

/** The kernel writes every `-` of a module's name as `_`. */
export const moduleName = (name: string): string => name.replaceAll('-', '_')
