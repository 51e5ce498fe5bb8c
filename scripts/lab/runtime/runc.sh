#!/bin/sh
# runc for a machine without CAP_SYS_RESOURCE: what needs that capability is taken out of the container's configuration.
last=
for word; do
  case $last in
    --bundle | -b) file=$word/config.json filter='del(.process.oomScoreAdj) | (.process.capabilities // {}) |= map_values(. - ["CAP_SYS_RESOURCE"])' ;;
    --process | -p) file=$word filter='del(.oomScoreAdj) | (.capabilities // {}) |= map_values(. - ["CAP_SYS_RESOURCE"])' ;;
  esac
  last=$word
done
if [ -n "${file:-}" ] && [ -f "$file" ]; then
  jq "$filter" "$file" >"$file.rota" && cat "$file.rota" >"$file"
  rm -f "$file.rota"
fi
exec runc "$@"
