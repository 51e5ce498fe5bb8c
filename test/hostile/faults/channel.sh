#!/bin/bash
# What ssh is to a host elsewhere: processes between the control machine and the host's shell, which can die alone. The
# host is a mount namespace, and its shell leads a session. With ROTA_FAULTS_TRACE each system call that changes
# something stops the process that made it, and is told there.
set -o pipefail
echo "$$" >"$ROTA_FAULTS_DIR/channel"
traced=()
if [ -n "${ROTA_FAULTS_TRACE-}" ]; then
  traced=(strace -f -qq -y -s 0 -e signal=SIGSTOP -e "trace=$ROTA_FAULTS_CALLS" -e "inject=$ROTA_FAULTS_CALLS:signal=SIGSTOP" -o "$ROTA_FAULTS_TRACE")
fi
exec 5<&0
# shellcheck disable=SC2016
setsid sh -c 'echo "$$" >"$0"; exec "$@"' "$ROTA_FAULTS_DIR/host" nsenter -t "$ROTA_FAULTS_HOST" -m "${traced[@]}" "$@" \
  < <(cat <&5 5<&- 2>/dev/null &) 5<&- | cat
