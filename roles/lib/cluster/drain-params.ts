// kubespray's variables for draining, with its defaults (roles/upgrade/pre-upgrade and post-upgrade), and one of ours.

const flag = <const N extends string, const D extends boolean>(name: N, fallback: D, description: string) =>
  ({ type: 'boolean', default: fallback, var: name, description }) as const

const duration = <const N extends string>(name: N, fallback: number, description: string) =>
  ({ type: ['integer', 'string'], minimum: 0, format: 'duration', default: fallback, var: name, description }) as const

const count = <const N extends string>(name: N, fallback: number, description: string) =>
  ({ type: 'integer', minimum: 0, default: fallback, var: name, description }) as const

export const drainParams = {
  drainNodes: flag('drain_nodes', true, 'Whether nodes are drained before they change.'),
  drainPodSelector: {
    type: 'string',
    text: 'line',
    default: '',
    var: 'drain_pod_selector',
    description: 'Labels of the pods that are drained; all where it is empty.',
  },
  drainGracePeriod: duration('drain_grace_period', 300, 'Seconds that a pod has to end.'),
  drainTimeout: duration('drain_timeout', 360, 'How long a drain may take.'),
  drainRetries: count('drain_retries', 3, 'How often one that failed is tried again.'),
  drainRetryDelay: duration('drain_retry_delay_seconds', 10, 'Time between two attempts.'),
  drainFallback: flag('drain_fallback_enabled', false, 'Whether pods that a budget holds are deleted at last.'),
  drainFallbackGracePeriod: duration('drain_fallback_grace_period', 300, 'The same of the last attempt.'),
  drainFallbackTimeout: duration('drain_fallback_timeout', 360, 'The same of the last attempt.'),
  drainFallbackRetries: count('drain_fallback_retries', 0, 'The same of the last attempt.'),
  drainFallbackRetryDelay: duration('drain_fallback_retry_delay_seconds', 10, 'The same of the last attempt.'),
  uncordonAfterFailure: flag(
    'upgrade_node_uncordon_after_drain_failure',
    true,
    'Whether a node that could not be drained takes pods again.',
  ),
  failAfterDrainFailure: flag(
    'upgrade_node_fail_if_drain_fails',
    true,
    'Whether a node that could not be drained is left as it is; else it is changed all the same.',
  ),
  alwaysCordon: flag(
    'upgrade_node_always_cordon',
    false,
    'Whether a node that is cordoned already, or not Ready, is drained too. What somebody else has cordoned stays so.',
  ),
  confirmBefore: flag('upgrade_node_confirm', false, 'Whether the operator is asked before a node is cordoned.'),
  pauseBefore: duration('upgrade_node_pause_seconds', 0, 'Time that passes before a node is cordoned.'),
  confirmAfter: flag(
    'upgrade_node_post_upgrade_confirm',
    false,
    'Whether the operator is asked before a node takes pods again.',
  ),
  pauseAfter: duration(
    'upgrade_node_post_upgrade_pause_seconds',
    0,
    'Time that passes before a node takes pods again.',
  ),
  nodeReadyTimeout: duration(
    'upgrade_node_ready_timeout',
    300,
    'Time that a node which was Ready may take after its changes until it is so again. Before that it takes no pods.',
  ),
} as const
