#!/bin/sh
# From a container's first process to systemd. Docker bind-mounts three files of /etc, and a mount point can't be
# renamed onto as on a real host: their text is kept and the mounts go. KEEP_MOUNTS=1 leaves them (a host like that is
# what every plain container is). What a host wrote into them survives a restart: only the first boot copies.
set -eu
if [ "${KEEP_MOUNTS:-0}" = 0 ]; then
  for file in /etc/hosts /etc/hostname /etc/resolv.conf; do
    text=$(cat "$file")
    umount "$file" 2>/dev/null || continue
    [ -s "$file" ] || printf '%s\n' "$text" >"$file"
  done
fi

# systemd needs its control groups writable. Without "bind" the remount is refused.
awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/mounts | while read -r mount; do
  mount -o remount,bind,rw "$mount"
done
mount -o remount,bind,rw /proc/sys 2>/dev/null || mount -o remount,rw /proc/sys

exec /sbin/init
