import { type Shell, sh } from 'rota'
import { kubectlWords } from '../../lib/cluster/kubectl.ts'
import type { Params } from '../daemons/daemons.ts'

const binding = 'kubeadm:bootstrap-signer-clusterinfo'

/**
 * Shell text after which nobody without credentials reads the ConfigMap cluster-info, where the operator wants it so
 * (kubespray's `remove_anonymous_access`). kubeadm makes the binding for it in `init`, and again in each `upgrade
 * apply` (`CreateClusterInfoRBACRules`). It says what it has deleted; nothing where there was none.
 */
export const closeClusterInfo = (
  params: Pick<Params, 'binDir' | 'kubeConfigDir' | 'removeAnonymousAccess'>,
): Shell | undefined =>
  params.removeAnonymousAccess
    ? sh`${[...kubectlWords(params), '-n', 'kube-public', 'delete', 'rolebinding', binding, '--ignore-not-found', '-o', 'name']}`
    : undefined
