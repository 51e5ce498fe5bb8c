import { assert, computed, facts, type Task } from 'rota'

/** A master that kubeadm made is not taken apart because nobody has said that it is one. */
export const notKubeadms = (manifestDir: string): Task => {
  const manifest = `${manifestDir}/kube-apiserver.yaml`
  return assert({
    that: 'kubeadm has not made this master',
    holds: computed({ manifest: facts.path({ path: manifest, content: true }) }, seen =>
      Buffer.from(facts.bytesOf(seen.manifest) ?? new Uint8Array())
        .toString()
        .includes('kubeadm.kubernetes.io/')
        ? `${manifest} is kubeadm's: set control_plane_method to kubeadm`
        : undefined,
    ),
  })
}
