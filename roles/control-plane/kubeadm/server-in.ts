/** `https://10.0.0.1:6443` of a kubeconfig. */
export const serverIn = (kubeconfig: string): string | undefined => /^ *server: *["']?([^"'\s]+)/m.exec(kubeconfig)?.[1]
