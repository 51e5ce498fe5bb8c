import { command, type Task } from 'rota'
import { withV } from '../lib/cluster/index.ts'
import { daemonImages } from '../lib/pods/daemon-images.ts'
import { areThere, fetchFound } from '../lib/pods/static-pod.ts'

/**
 * The images of the version's static pods come to a master while it serves: kubeadm would fetch them with its port
 * closed already. On a host that has no static pods yet nothing is fetched. What can't be had now kubeadm asks for, or
 * refuses to begin; what is nowhere the preflight has refused.
 */
export const imagesAreThere = (params: { readonly manifestDir: string; readonly kubeVersion: string }): Task =>
  command({
    title: `images of ${withV(params.kubeVersion)}`,
    why: 'not all of them are on this host',
    changed: false,
    unless: `${daemonImages(params)}
${areThere('$(daemon_images)')}`,
    run: `${daemonImages(params)}
(
${fetchFound('$(daemon_images)')}
) 2>&1 || echo 'kubeadm will ask for them'`,
    timeout: 1800,
  })
