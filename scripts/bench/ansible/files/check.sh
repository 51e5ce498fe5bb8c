#!/bin/sh
exec test -e /run/haproxy.pid -o -d /run/haproxy
