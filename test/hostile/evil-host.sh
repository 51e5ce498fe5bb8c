#!/bin/bash
# A host that somebody has taken over: it stands in the place of a host's shell, reads what it needs from the first
# lines of the runtime, and says what its first argument names. It goes on for as long as anybody listens, at most 20 s.
export LC_ALL=C
nonce=
while [ -z "$nonce" ] && IFS= read -r line; do
  case $line in *ROTA_NONCE=*) nonce=${line#*ROTA_NONCE=} nonce=${nonce%%[!0-9a-f]*} ;; esac
done
forged='  honest: FAILED everything'

# say EVENT REQUEST NAME TEXT [EXTRA]
say() { printf '%s %s %s %s %s\n%s\n' "$1" "$2" "$3" "${#4}" "$5" "$4"; }
begin() { printf '\nrota:%s:\n' "$nonce"; }
hello() { say hello 0 1 "uid=${1-0}
pid=${2-$$}
state=${3-/var/lib/rota}
nonce=${4-$nonce}
hostname=evil
osrelease=6
os.__proto__=polluted"; }
up() { begin && hello && say ready 0 0 ''; }
for_ever() { timeout 20 "$@"; }

case $1 in
  escape)
    printf 'banner \033]0;OWNED\007\033[2J\033[31mFAKE\302\2332J\342\200\256\n%s\n' "$forged" >&2
    exit 1
    ;;
  locked) begin && hello && say refused 0 lock "$(printf 'pid 1\033[2J\n%s' "$forged")" ;;
  endless) up && printf 'facts 1 0 99999999999999 \n' && for_ever cat /dev/zero ;;
  header) up && for_ever tr '\0' a </dev/zero ;;
  garbage) up && printf 'garbage\n%s\n' "$forged" && sleep 5 ;;
  noise) for_ever tr '\0' a </dev/zero ;;
  stderr) up && for_ever tr '\0' a </dev/zero >&2 ;;
  frames) up && for_ever yes 'started 1 1 0 
' ;;
  hellos) begin && while hello; do :; done ;;
  early) begin && say facts 1 0 '' ;;
  other) up && say facts 7 0 '' && sleep 5 ;;
  twice) up && say facts 1 0 x && say facts 1 0 x && sleep 5 ;;
  ends) up && say facts 1 0 x && say end 1 0 '' && say end 1 0 '' && sleep 5 ;;
  nothing) up && say end 1 0 '' && sleep 5 ;;
  nan) up && say facts NaN 0 x && sleep 5 ;;
  number) begin && hello nobody && sleep 5 ;;
  process) begin && hello 0 '1;reboot' && sleep 5 ;;
  state) begin && hello 0 1 "$(printf '/tmp\033[2J')" && sleep 5 ;;
  channel) begin && hello 0 1 /tmp another && sleep 5 ;;
  forged) up && say facts 1 0 "$(printf 'x\n%s\033[2J' "$forged")" && say end 1 0 '' && sleep 5 ;;
  # As much as it may say, of what costs a reader most.
  lines) up && printf 'facts 1 0 5000000 \n' && head -c 5000000 /dev/zero | tr '\0' '\n' && printf '\n' && say end 1 0 '' && sleep 5 ;;
  bytes)
    up && printf 'facts 1 0 3000000 \n' && dd if=/dev/zero bs=1 count=3000000 2>/dev/null | tr '\0' a
    printf '\n' && say end 1 0 '' && sleep 5
    ;;
  # Says nothing, for a while: the others must not wait for it to begin.
  silent) sleep 3 ;;
esac
