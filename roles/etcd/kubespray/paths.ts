/** Where kubespray puts the settings and the unit of a member, on every system. */
export const envPath = '/etc/etcd.env'
export const unitPath = '/etc/systemd/system/etcd.service'
