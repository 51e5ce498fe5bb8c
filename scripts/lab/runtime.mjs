// @ts-check
/** @import { LabInfo } from './types.ts' */
/** @import { ImageSet } from './runtime-images.mjs' */
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { ensureKube, kubeDir, kubeVersions } from './kube.mjs'
import { ensureRuntimeImages } from './runtime-images.mjs'
import { LabError } from './say.mjs'

export { nginxTarball } from './runtime-images.mjs'

/** @param {string} name */
const recipe = name => readFile(fileURLToPath(new URL(`runtime/${name}`, import.meta.url)), 'utf8')

/**
 * A Docker engine inside a lab host, and images in it. What is there already is kept.
 * @param {LabInfo} lab
 * @param {string} host
 * @param {{ images?: readonly ImageSet[], versions?: readonly string[] }} [options] versions: of Kubernetes, for the
 * set `kube`
 */
export async function startEngine(lab, host, { images = [], versions } = {}) {
  await putRunc(lab, host)
  await put(lab, host, '/etc/docker/daemon.json', await recipe('daemon.json'))
  await inside(lab, host, 'command -v dockerd >/dev/null || apt-get install -y -q docker.io jq; systemctl start docker')
  if (images.length === 0) return
  const file = await ensureRuntimeImages(images, versions)
  await execa('docker', ['exec', '-i', containerOf(lab, host), 'docker', 'load', '-q'], { inputFile: file })
}

/** A runc for a machine that lacks a capability. @param {LabInfo} lab @param {string} host */
export const putRunc = async (lab, host) => put(lab, host, '/opt/rota-lab/runc', await recipe('runc.sh'), '0755')

/**
 * A real kubelet with that engine: static pods from /etc/kubernetes/manifests, alone until there is
 * /etc/kubernetes/kubelet.conf.
 * @param {LabInfo} lab
 * @param {string} host
 * @param {{ version?: string, images?: readonly ImageSet[], versions?: readonly string[] }} [options]
 */
export async function startKubelet(lab, host, { version = kubeVersions()[0] ?? '', images = [], versions } = {}) {
  await ensureKube([version])
  await startEngine(lab, host, { images: ['pause', ...images], ...(versions ? { versions } : {}) })
  await installProgram(lab, host, version, 'kubelet')
  await put(lab, host, '/var/lib/kubelet/lab.yaml', await recipe('kubelet.yaml'))
  await put(lab, host, '/etc/systemd/system/kubelet.service', await recipe('kubelet.service'))
  await inside(
    lab,
    host,
    'mkdir -p /etc/kubernetes/manifests; grep -q localhost /etc/hosts || echo "127.0.0.1 localhost" >>/etc/hosts; systemctl daemon-reload; systemctl enable --now -q kubelet',
  )
}

/**
 * A program of Kubernetes in /usr/local/bin of a host.
 * @param {LabInfo} lab
 * @param {string} host
 * @param {string} version
 * @param {string} program
 */
export async function installProgram(lab, host, version, program) {
  const input = createReadStream(join(kubeDir(), version, program))
  await execa('docker', ['exec', '-i', containerOf(lab, host), 'sh', '-c', installScript, program], { input })
}

const installScript = 'f=/usr/local/bin/$0; cat >"$f.new" && chmod 0755 "$f.new" && mv "$f.new" "$f"'

/** @param {LabInfo} lab @param {string} host @param {string} path @param {string | Uint8Array} text */
export async function put(lab, host, path, text, mode = '0644') {
  const script = 'mkdir -p "$(dirname "$0")" && cat >"$0" && chmod "$1" "$0"'
  await execa('docker', ['exec', '-i', containerOf(lab, host), 'sh', '-c', script, path, mode], { input: text })
}

/** @param {LabInfo} lab @param {string} host @param {string} command */
export async function inside(lab, host, command) {
  const run = await execa('docker', ['exec', containerOf(lab, host), 'sh', '-ec', command], {
    all: true,
    reject: false,
  })
  if (run.exitCode !== 0) throw new LabError(`${host}: ${command}\n${run.all}`)
}

/** @param {LabInfo} lab @param {string} host */
export function containerOf(lab, host) {
  const found = lab.hosts.find(({ name }) => name === host)
  if (!found) throw new LabError(`the lab has no host ${host}`)
  return found.container
}
