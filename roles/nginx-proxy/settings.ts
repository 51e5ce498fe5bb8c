import type { ParamsOf } from 'rota'
import { type Defaults, defaults, httpDefaults } from './defaults.ts'
import type { params } from './params.ts'

export type Params = ParamsOf<typeof params>

/** What the set-up's defaults depend on, and what takes their place. */
type Choice = Pick<Params, 'variant' | 'protocol' | 'prefix' | 'configDir'> & Partial<Pick<Params, keyof Defaults>>

/** Values that every set-up has in the end. */
export type Filled = Omit<Defaults, 'config' | 'binary' | 'unit' | 'imageRepo' | 'imageTag'> & {
  readonly unit: string
  /** Path of the configuration on the host. */
  readonly config: string
  readonly binary: string
  /** With its tag. */
  readonly image: string
}

/** Params with the set-up's defaults. */
export type WithDefaults<P> = Omit<P, keyof Defaults> & Filled
export type Settings = WithDefaults<Params>

/** Hosts share their params, and so what follows from them. */
export function settingsOf<P extends Choice>(params: P): WithDefaults<P> {
  const known = made.get(params) ?? filled(params)
  made.set(params, known)
  // What was made of params of this type is of this type.
  return known as WithDefaults<P>
}

// A memory of a pure function: params do not change.
const made = new WeakMap<object, object>()

function filled<P extends Choice>(params: P): WithDefaults<P> {
  const { variant, protocol } = params
  const merged = { ...defaults[variant], ...(protocol === 'http' ? httpDefaults : {}), ...params }
  return {
    ...merged,
    unit: merged.unit ?? '',
    ...pathsOf(params),
    image: `${merged.imageRepo ?? ''}:${merged.imageTag ?? ''}`,
  }
}

function pathsOf({ variant, prefix, configDir, ...set }: Choice): Pick<Filled, 'config' | 'binary'> {
  const { config = '', binary = '' } = { ...defaults[variant], ...set }
  if (variant === 'system') return { config, binary }
  if (variant === 'source')
    return { config: config || `${prefix}/conf/kube-nginx.conf`, binary: `${prefix}/sbin/nginx` }
  return { config: `${configDir}/nginx.conf`, binary: 'nginx' }
}
