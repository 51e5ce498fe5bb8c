#!/bin/sh
# See coredns.Dockerfile: its arguments are CoreDNS' and not read. As the first process it would heed no signal.
trap 'exit 0' TERM INT
httpd -p 8080 -h /www
httpd -f -p 8181 -h /www &
wait
