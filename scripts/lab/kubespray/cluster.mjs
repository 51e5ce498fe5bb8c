// @ts-check
/** @import { Runtime } from '../types.ts' */
/** @import { Release } from './releases.mjs' */

/**
 * A cluster in kubespray's layout: who is in it, and the values that its files are made of.
 * @typedef {Readonly<{ name: string, ip: string, runtime: Runtime }>} Member
 * @typedef {Readonly<{
 *   release: Release,
 *   version: string,
 *   masters: readonly Member[],
 *   nodes: readonly Member[],
 *   encryptionKey: string,
 * }>} Cluster version: of Kubernetes, v1.20.2; encryptionKey: 32 bytes, base64
 */

export const dnsDomain = 'cluster.local'
export const serviceAddresses = '10.233.0.0/18'
export const podAddresses = '10.233.64.0/18'
export const kubernetesAddress = '10.233.0.1'
export const dnsAddress = '10.233.0.3'
export const port = 6443

/** @param {Pick<Cluster, 'masters' | 'nodes'>} cluster */
export const everybody = ({ masters, nodes }) => [...masters, ...nodes]

/** kubespray's names of etcd's members: etcd1 is the first host of the group. @param {number} index */
export const memberName = index => `etcd${index + 1}`

/** @param {Pick<Cluster, 'masters'>} cluster */
export const endpoints = ({ masters }) => masters.map(({ ip }) => `https://${ip}:2379`)

/**
 * The names that kubespray gives an API server's certificate.
 * @param {Pick<Cluster, 'masters' | 'release'>} cluster
 */
export const certificateNames = ({ masters, release }) => [
  ...new Set([
    ...['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', `kubernetes.default.svc.${dnsDomain}`],
    ...[kubernetesAddress, 'localhost', '127.0.0.1'],
    ...masters.map(({ name }) => name),
    release.balancerName,
    ...masters.map(({ ip }) => ip),
  ]),
]

/** Where a host's kubelet finds the container runtime. @param {Pick<Member, 'runtime'>} host */
export const criSocket = ({ runtime }) =>
  runtime === 'docker' ? '/var/run/dockershim.sock' : '/var/run/containerd/containerd.sock'
