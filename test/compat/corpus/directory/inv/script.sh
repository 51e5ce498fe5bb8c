#!/bin/sh
if [ "$1" = --list ]; then
  echo '{"cloud": {"hosts": ["c1", "c2"], "vars": {"cv": 1.0}, "children": ["inner"]}, "inner": ["i1"], "web": {"children": ["cloud"]}, "_meta": {"hostvars": {"c1": {"a": true}, "nobody": {"a": 1}}}}'
fi
