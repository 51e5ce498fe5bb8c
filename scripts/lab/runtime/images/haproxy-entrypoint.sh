#!/bin/sh
case ${1:-} in -*) set -- haproxy "$@" ;; esac
[ "${1:-}" != haproxy ] || { shift; set -- haproxy -W -db "$@"; }
exec "$@"
