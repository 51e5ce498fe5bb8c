/**
 * Packages that other plays bring to a version, or nobody: one that moved by accident would restart pods, or be newer
 * than the cluster. Names of Debian and of Red Hat, of the distributions and of those who make the programs.
 */
export const notHere: readonly string[] = [
  'kubelet',
  'kubeadm',
  'kubectl',
  'kubernetes*',
  'cri-*',
  'cri-o*',
  'crio*',
  'containerd*',
  'nerdctl',
  'docker*',
  'moby-*',
  'podman-docker',
  'runc',
  'crun',
  'conmon',
  'kata-*',
  'runsc',
  'nvidia-container-*',
  'libnvidia-container*',
  'etcd*',
]

/** Packages that may be upgraded, and without which the host, or what leads to the API servers, is gone. */
export const neverRemoved: readonly string[] = [
  'haproxy',
  'keepalived',
  'nginx',
  'nginx-common',
  'nginx-core',
  'libnginx-mod-stream',
  'nginx-mod-stream',
  'openssh-server',
  'sudo',
  'systemd',
  'iptables',
  'ipvsadm',
]
