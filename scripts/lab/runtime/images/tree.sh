#!/bin/sh
# A file system of programs, the libraries they are linked with, and a busybox: tree.sh DIR PROGRAM…
set -eu
tree=$1
shift
mkdir -p "$tree/bin" "$tree/etc" "$tree/tmp" "$tree/usr/sbin" "$tree/usr/bin" "$tree/usr/local/bin" "$tree/run" "$tree/var/lib/haproxy"
ln -s ../run "$tree/var/run"
chmod 1777 "$tree/tmp"
cp /etc/passwd /etc/group /etc/nsswitch.conf "$tree/etc/" 2>/dev/null || cp /etc/passwd /etc/group "$tree/etc/"
cp /bin/busybox "$tree/bin/busybox"
for applet in $(/bin/busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"; done
for program; do
  cp "$program" "$tree$program"
  ldd "$program" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$tree$(dirname "$library")"
    cp -L "$library" "$tree$library"
  done
done
