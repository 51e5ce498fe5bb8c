// @ts-check
/** @import { LabInfo } from '../types.ts' */
/** @import { Cluster, Member } from './cluster.mjs' */
import { readFile } from 'node:fs/promises'
import { execa } from 'execa'
import { ensureCrictl } from '../crictl.mjs'
import { containerOf, inside, put, putRunc, startEngine } from '../runtime.mjs'
import { criSocket } from './cluster.mjs'

/**
 * The container runtime of a host and the images in it.
 * @param {LabInfo} lab
 * @param {Pick<Member, 'name' | 'runtime'>} host
 * @param {Pick<Cluster, 'release'>} cluster
 * @param {string} archive of images
 */
export async function startRuntime(lab, { name: host, runtime }, { release }, archive) {
  const nginx = `nginx:${release.nginxTag}`
  if (runtime === 'docker') {
    await startEngine(lab, host)
    await execa('docker', ['exec', '-i', containerOf(lab, host), 'docker', 'load', '-q'], { inputFile: archive })
    return inside(lab, host, `docker tag nginx:lab ${nginx}`)
  }
  await putRunc(lab, host)
  await inside(lab, host, 'apt-get install -y -q containerd runc jq >/dev/null')
  await put(lab, host, '/etc/containerd/config.toml', containerdConfig)
  await put(lab, host, '/usr/local/bin/crictl', await readFile(await ensureCrictl()), '0755')
  await put(lab, host, '/etc/crictl.yaml', crictlConfig({ runtime }))
  await inside(lab, host, 'systemctl enable -q containerd; systemctl restart containerd')
  const load = 'ctr -n k8s.io images import -'
  await execa('docker', ['exec', '-i', containerOf(lab, host), 'sh', '-c', load], { inputFile: archive })
  const own = 'docker.io/library/nginx:lab'
  await inside(lab, host, `ctr -n k8s.io images tag --force ${own} docker.io/library/${nginx} >/dev/null`)
}

// The lab's runc: its machine lacks a capability that containers are given elsewhere.
export const containerdConfig = `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"

[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    sandbox_image = "k8s.gcr.io/pause:3.2"
    max_container_log_line_size = 16384
    restrict_oom_score_adj = true
    [plugins."io.containerd.grpc.v1.cri".containerd]
      default_runtime_name = "runc"
      snapshotter = "overlayfs"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes]
        [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
          runtime_type = "io.containerd.runc.v2"
          [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
            systemdCgroup = false
            binaryName = "/opt/rota-lab/runc"
`

/** @param {Pick<Member, 'runtime'>} host */
export const crictlConfig = host => `runtime-endpoint: unix://${criSocket(host)}
image-endpoint: unix://${criSocket(host)}
timeout: 30
debug: false
`

/**
 * Shell text: the containers of these names end, and the kubelet starts others.
 * @param {Pick<Member, 'runtime'>} host
 * @param {readonly string[]} names
 */
export const restartContainers = ({ runtime }, names) =>
  runtime === 'docker'
    ? `docker ps -q ${names.map(name => `-f name=k8s_${name}`).join(' ')} | xargs -r docker restart >/dev/null`
    : `crictl ps -q --name '^(${names.join('|')})$' | xargs -r crictl stop`
