#!/bin/sh
# Debian packages as rpm ones in a repository: to-rpm.sh DIR DEB:RPM…
set -eu
dir=$1
shift
mkdir -p "$dir"
cd "$dir"
for pair; do
  deb=${pair%%:*} rpm=${pair##*:}
  apt-get download "$deb"
  alien --to-rpm --generate --keep-version "$deb"_*.deb
  rm -f "$deb"_*.deb
  tree=$(find . -maxdepth 1 -type d -name "$deb-*")
  spec=$(find "$tree" -maxdepth 1 -name '*.spec')
  # The libraries are there, though no rpm brings them; a directory of the system is nobody's.
  sed -i -e "s/^Name: .*/Name: $rpm\\nAutoReq: no/" -e '/^%define _rpmdir /d' -e '/^%dir "\/\(usr\|etc\|lib\|bin\|sbin\|var\)\/\{0,1\}.*"$/d' "$spec"
  rpmbuild -bb --quiet --define "_rpmdir $dir" --buildroot "$(readlink -f "$tree")" "$spec"
  rm -rf "$tree"
done
createrepo_c -q .
