import type { ParamsOf } from 'rota'
import { params as masterParams } from '../control-plane/params.ts'
import { nodesJoin } from '../lib/cluster/params.ts'

const {
  kubeVersion,
  method,
  installDir,
  binDir,
  kubeConfigDir,
  manifestDir,
  apiserverPort,
  criSocket,
  ipv4Stack,
  ipv6Stack,
  secondAddress,
  kubeletArguments,
  ignorePreflightErrors,
  joinTimeout,
  kubeadmPackages,
} = masterParams.properties

export const joinParams = {
  type: 'object',
  properties: {
    join: nodesJoin,
    kubeVersion,
    method,
    installDir,
    binDir,
    kubeConfigDir,
    manifestDir,
    apiserverPort,
    criSocket,
    ipv4Stack,
    ipv6Stack,
    secondAddress,
    kubeletArguments,
    ignorePreflightErrors,
    joinTimeout,
    kubeadmPackages,
  },
  required: ['kubeVersion'],
} as const

export type JoinParams = ParamsOf<typeof joinParams>
