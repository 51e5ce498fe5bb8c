import { unitWord } from './flags.ts'

export interface DaemonUnit {
  readonly description: string
  readonly program: string
  readonly words: readonly string[]
  readonly type: 'notify' | 'simple'
  readonly after: readonly string[]
  /** Seconds. */
  readonly stopTimeout: number
}

/**
 * A unit of a daemon of the control plane. Its program's path holds the version, so that an upgrade is one changed
 * unit.
 */
export const daemonUnit = (unit: DaemonUnit): string => `[Unit]
Description=${unit.description}
Documentation=https://kubernetes.io/docs/reference/command-line-tools-reference/
Wants=network-online.target
After=${['network-online.target', ...unit.after].join(' ')}

[Service]
Type=${unit.type}
ExecStart=${[unit.program, ...unit.words].map(unitWord).join(' \\\n  ')}
Restart=always
RestartSec=3
TimeoutStartSec=120
TimeoutStopSec=${unit.stopTimeout}
LimitNOFILE=1048576

[Install]
WantedBy=multi-user.target
`
