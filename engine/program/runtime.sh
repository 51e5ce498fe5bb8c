# shellcheck shell=sh disable=SC2154
# What runs on a target: reads programs from the control machine, runs them one after another, and frames what they say.
#
# POSIX sh; tested with dash, bash and busybox sh. Lines that are comments are left out when it is sent. It comes after
# a preamble (runtime.ts) that undoes what the login has left in the environment, exports PATH and LC_ALL=C, and sets
# ROTA_NONCE, ROTA_READONLY (1 or empty), ROTA_STATE (empty: the usual place), ROTA_SHELL, ROTA_OWNER (who holds the
# lock) and ROTA_FIRST (the first program, or empty). Its last line starts it, so half of it does nothing; after that
# the shell finds the end of its script, for stdin is then /dev/null.
#
# For scripts of changes:
#   $ROTA_TMP                                private directory of this channel, removed at its end
#   $ROTA_STATE                              what Rota keeps on this host; it may not exist
#   rota_backup PATH [secret]                keeps what is there (or its absence) under backup/<run>/<play>/, once
#   rota_install TMP PATH MODE OWNER GROUP   puts TMP in PATH's place at once; '' for MODE, OWNER or GROUP: as TMP has
#   rota_link TARGET PATH                    the same with a link
#   rota_directory PATH MODE OWNER GROUP     makes it, and what is missing on the way
#   rota_own_file PATH MODE OWNER GROUP      of a file that stays
#   rota_remove PATH                         with all that is in it
#   rota_read PATH                           prints a file
#   rota_merge FROM TO                       moves a tree of $ROTA_TMP into a directory
#
# All of these go into the directory of PATH and stay there, so that nobody can lead them elsewhere, and take a link
# that is on the way only where root (or this user) has made it and nobody else could. Where somebody else may write, a
# name means nothing: what is done to it may be done to any file of the host that he has linked to. So there a file gets
# its owner and its mode in a room, a directory of ours that is in there for that time, and is renamed. A last argument
# `kept` says that the probe has found nobody else to have a say: that saves a process.
#
# Descriptors: 3 frames to the control machine, 4 programs from it, 9 the lock. No script inherits one of them, and
# stdin is /dev/null, so a daemon started by a script holds neither the channel nor the lock.
#
# Requests: a line with the number of bytes, a program of that many bytes, a line `.`; then the blobs that the program
# receives. Nothing runs before its `.` has come: a connection that dies half-way leaves no half of a program running.
# Frames: a line `EVENT REQUEST NAME LENGTH EXTRA…`, then LENGTH bytes and a newline.

# rota_note EVENT REQUEST NAME TEXT [EXTRA]: a frame that travels with the next one, which follows at once: each write
# wakes sshd, ssh and the control machine. LC_ALL=C makes ${#4} bytes.
rota_note() {
  rota_unsaid="$rota_unsaid$1 $2 $3 ${#4} ${5-}
$4
"
}

# rota_say EVENT REQUEST NAME TEXT [EXTRA]
rota_say() {
  rota_note "$@"
  printf '%s' "$rota_unsaid" >&3 || return 1
  rota_unsaid=
}

# rota_note_file EVENT REQUEST NAME FILE [EXTRA]. A file that grows meanwhile is cut at the length announced. What is
# longer than $rota_most is cut in its middle, or not sent at all where it is data: then its length is EXTRA.
rota_note_file() {
  if [ -s "$4" ]; then
    rota_size=$(wc -c <"$4") || return 1
    if [ "$rota_size" -gt "$rota_most" ]; then
      if [ "$1" != 'done' ]; then
        rota_note "$1" "$2" "$3" '' "$((rota_size))"
        return
      fi
      rota_cut "$4"
    fi
    printf '%s%s %s %s %s %s\n' "$rota_unsaid" "$1" "$2" "$3" "$((rota_size))" "${5-}" >&3 || return 1
    rota_unsaid=
    head -c "$((rota_size))" "$4" >&3 || return 1
    printf '\n' >&3
  else
    rota_note "$1" "$2" "$3" '' "${5-}"
  fi
}

# Of FILE, the beginning and the end stay, with a line between them.
rota_cut() {
  {
    head -c "$((rota_most / 2))" "$1"
    printf '\n[%s bytes of output are left out here]\n' "$((rota_size - rota_most))"
    tail -c "$((rota_most / 2))" "$1"
  } >"$1.cut"
  mv -f "$1.cut" "$1"
  rota_size=$(wc -c <"$1")
}

# Says why this host can't be used (lock, state) and ends.
rota_refuse() {
  rota_say refused 0 "$1" "$2"
  exit 1
}

# Ends now, or once the script that runs has finished and its request has been answered.
rota_over() {
  rota_ending=1
  [ -n "$rota_busy" ] || exit 1
}

# What is ours goes with one process, and with it, of a run that has kept something, all backups but the newest ten, and
# of these the oldest as long as all are more than a GiB: a run's name begins with its time.
rota_clean() {
  rota_note_left
  rota_pay
  rota_drop_blobs
  set --
  if [ -n "$rota_run" ] && [ -d "$ROTA_STATE/backup/$rota_run" ]; then
    rota_text=$(du -sk "$ROTA_STATE"/backup/* 2>/dev/null)
    rota_rest=-10 rota_blocks=0
    while read -r rota_size rota_file; do
      [ -z "$rota_size" ] || rota_rest=$((rota_rest + 1)) rota_blocks=$((rota_blocks + rota_size))
    done <<END
$rota_text
END
    while read -r rota_size rota_file; do
      if [ "$rota_rest" -le 0 ] && [ "$rota_blocks" -le 1048576 ]; then break; fi
      case $rota_file in "$ROTA_STATE/backup/$rota_run" | "$ROTA_STATE/backup/$rota_uses") continue ;; esac
      set -- "$@" "$rota_file"
      rota_rest=$((rota_rest - 1)) rota_blocks=$((rota_blocks - rota_size))
    done <<END
$rota_text
END
  fi
  [ -z "$ROTA_TMP" ] || set -- "$@" "$ROTA_TMP"
  if [ -z "$ROTA_READONLY" ] && [ -n "$ROTA_TMP" ]; then
    rota_unmake
    [ -z "$rota_made" ] || set -- "$@" "$rota_made"
  fi
  [ ! -e "$rota_stop" ] || set -- "$@" "$rota_stop"
  [ -z "$rota_pidlock" ] || set -- "$@" "$rota_pidlock"
  [ $# = 0 ] || rm -rf "$@"
}

rota_hello() {
  ROTA_UID='' ROTA_GID=''
  if [ -r /proc/self/status ]; then
    while read -r rota_key _ rota_value _; do
      case $rota_key in
        Uid:) ROTA_UID=$rota_value ;;
        Gid:) ROTA_GID=$rota_value && break ;;
      esac
    done </proc/self/status
  fi
  [ -n "$ROTA_UID" ] || ROTA_UID=$(id -u)
  [ -n "$ROTA_GID" ] || ROTA_GID=$(id -g)
  if [ -z "$ROTA_STATE" ]; then
    if [ "$ROTA_UID" = 0 ]; then
      ROTA_STATE=/var/lib/rota
    else
      ROTA_STATE=${XDG_STATE_HOME:-${HOME:-/nonexistent}/.local/state}/rota
    fi
  fi
  rota_stop=$ROTA_STATE/stop.$ROTA_NONCE
  rota_text="uid=$ROTA_UID
pid=$$
state=$ROTA_STATE
nonce=$ROTA_NONCE
"
  for rota_key in hostname osrelease; do
    if [ -r "/proc/sys/kernel/$rota_key" ]; then
      read -r rota_value <"/proc/sys/kernel/$rota_key"
      rota_text="$rota_text$rota_key=$rota_value
"
    fi
  done
  if [ -r /etc/os-release ]; then
    while IFS= read -r rota_value; do
      rota_text="${rota_text}os.$rota_value
"
    done </etc/os-release
  fi
  # What came before this mark was not ours: a banner, noise of a login shell.
  rota_unsaid="
rota:$ROTA_NONCE:
"
  rota_note hello 0 1 "$rota_text"
}

rota_lock() {
  if [ ! -d "$ROTA_STATE" ]; then
    rota_error=$(mkdir -p "$ROTA_STATE" 2>&1) || rota_refuse state "$rota_error"
  fi
  [ -O "$ROTA_STATE" ] || rota_refuse state "$ROTA_STATE belongs to somebody else: look what is in there, and remove it"
  chmod 700 "$ROTA_STATE" || rota_refuse state "the mode of $ROTA_STATE can't be set"
  # From here on nobody else can put anything there; what he has put before shows.
  for rota_value in lock lock.pid pending backup unfinished; do
    rota_file=$ROTA_STATE/$rota_value
    if [ -L "$rota_file" ] || { [ -e "$rota_file" ] && [ ! -O "$rota_file" ]; }; then
      rota_refuse state "$rota_file is a link or belongs to somebody else: look where it came from, and remove it"
    fi
  done
  if command -v flock >/dev/null 2>&1; then
    true 2>/dev/null >>"$ROTA_STATE/lock" || rota_refuse state "can't write $ROTA_STATE/lock"
    exec 9>>"$ROTA_STATE/lock"
    flock -n 9 || rota_locked "$ROTA_STATE/lock"
    printf 'pid %s, %s\n' "$$" "$ROTA_OWNER" >"$ROTA_STATE/lock"
  else
    rota_lock_by_pid
  fi
  rota_tidy
}

# Without flock (Debian's busybox): a file made with O_EXCL that names the process and its start time. One whose process
# is gone is taken over; should two controllers do that in the same instant, the one whose text is not in the file gives
# up.
rota_lock_by_pid() {
  rota_started_at $$
  rota_mine="$$ $rota_start $ROTA_OWNER"
  if ! (set -C && printf '%s\n' "$rota_mine" >"$ROTA_STATE/lock.pid") 2>/dev/null; then
    [ -e "$ROTA_STATE/lock.pid" ] || rota_refuse state "can't write $ROTA_STATE/lock.pid"
    read -r rota_pid rota_was _ <"$ROTA_STATE/lock.pid"
    rota_started_at "$rota_pid"
    [ -z "$rota_start" ] || [ "$rota_start" != "$rota_was" ] || rota_locked "$ROTA_STATE/lock.pid"
    printf '%s\n' "$rota_mine" >"$ROTA_STATE/lock.$$" && mv -f "$ROTA_STATE/lock.$$" "$ROTA_STATE/lock.pid"
    sleep 1
    IFS= read -r rota_value <"$ROTA_STATE/lock.pid"
    [ "$rota_value" = "$rota_mine" ] || rota_locked "$ROTA_STATE/lock.pid"
  fi
  rota_pidlock=$ROTA_STATE/lock.pid
}

# Sets rota_start to the start time of a process (field 22 of its stat, after the name in brackets), empty when there is
# none.
rota_started_at() {
  rota_start=
  if [ -r "/proc/$1/stat" ]; then
    read -r rota_value <"/proc/$1/stat"
    # shellcheck disable=SC2086
    set -- ${rota_value##*) }
    # One that has been killed, and that nobody has taken note of, holds nothing.
    case $1 in Z | X) return ;; esac
    shift 19
    rota_start=$1
  fi
}

rota_locked() {
  rota_value=
  IFS= read -r rota_value <"$1"
  rota_refuse lock "${rota_value:-an unknown process}"
}

# What a run that was killed has left, which could not remove it: nobody else has the lock.
rota_tidy() {
  rota_unmake
  set --
  for rota_file in "$ROTA_STATE"/stop.* "$ROTA_STATE"/lock.[0-9]* ${rota_made:+"$rota_made"}; do
    [ ! -e "$rota_file" ] || set -- "$@" "$rota_file"
  done
  [ $# = 0 ] || rm -f "$@"
}

# Written down before it is made, so that the next run removes what a killed one has left. The disk need not have it
# yet: after a loss of power a file beside one of ours may stay until that one is replaced.
rota_will_make() {
  [ -n "$ROTA_READONLY" ] || printf '%s\n' "$1" >>"$ROTA_STATE/unfinished"
}

# Removes what is written down as made and is still there. Sets rota_made to the list, empty where there is none or
# something could not be removed: the next run tries again.
rota_unmake() {
  rota_made=$ROTA_STATE/unfinished
  if [ ! -e "$rota_made" ]; then
    rota_made=
    return
  fi
  while IFS= read -r rota_file; do
    if [ "$rota_file" = "$ROTA_TMP" ] || { [ ! -e "$rota_file" ] && [ ! -L "$rota_file" ]; }; then continue; fi
    # Whoever has a say there may have put something of his in its place: a directory is ours, or it stays.
    (
      rota_at "$rota_file" || exit 0
      [ -L "./$rota_base" ] || [ -O "./$rota_base" ] || exit 0
      rota_empty "./$rota_base"
    ) 2>/dev/null || rota_made=
  done <"$rota_made"
}

# Made when it is first needed: a probe writes nothing. Its name is nobody's guess, and an existing one is not taken.
# Where it can't be made, what needs it fails.
rota_need_tmp() {
  [ -z "$ROTA_TMP" ] || return 0
  rota_value=${TMPDIR:-/tmp}
  # A TMPDIR that came along with sudo may be in a user's home, where he would put a directory of his own in the place
  # of ours.
  [ "$rota_value" = /tmp ] || (cd -P "$rota_value" && { rota_kept || [ -n "$rota_sticky" ]; }) 2>/dev/null || rota_value=/tmp
  rota_file=$rota_value/rota.$rota_token
  if rota_will_make "$rota_file" && mkdir -m 700 "$rota_file"; then ROTA_TMP=$rota_file
  else rota_blob_error="can't make $rota_file: is the disk full or read-only?"
  fi 2>/dev/null
}

# Sets rota_now to seconds since boot, without a process.
rota_clock() {
  rota_now=
  [ ! -r /proc/uptime ] || read -r rota_now _ </proc/uptime
}

# rota_take BLOCKS BYTES [FSYNC]: the next BLOCKS times BYTES go to the end of $rota_file. A block is read whole before
# it is written, and where one can't be written dd says how many it has read: the others are thrown away. (`head -c` of
# busybox reads ahead; and without notrunc dd of uutils cuts off what it is to add to.)
rota_take() {
  [ "$rota_file" != /dev/null ] || set -- "$1" "$2"
  rota_value=$(dd "bs=$2" "count=$1" iflag=fullblock "conv=notrunc${3:+,fsync}" <&4 2>&1 >>"$rota_file" 3>&- 9>&-) && return 0
  # One that was killed has read nobody knows how much: what follows can't be told from it.
  [ $? -lt 128 ] || exit 1
  [ "$rota_file" != /dev/null ] || exit 1
  rota_spoilt "can't write $rota_file: is the disk full?"
  case $rota_value in
    *'records in'*) rota_value=${rota_value%+*'records in'*} rota_value=${rota_value##*[!0-9]} ;;
    *) rota_value=0 ;;
  esac
  [ "$rota_value" = "$1" ] || rota_take "$(($1 - rota_value))" "$2"
}

# rota_receive NUMBER SIZE [NEAR]: the next SIZE bytes become a file, whose path is in rota_blob_NUMBER. A file that
# can't be made or written is an error of the item, and its bytes are read all the same.
rota_receive() {
  rota_file=/dev/null
  if [ -z "$rota_failed" ]; then
    rota_need_tmp
    if [ -z "$rota_blob_error" ]; then
      rota_file=$ROTA_TMP/blob-$1
      # Where it can't be beside NEAR it is in $ROTA_TMP. `true` makes the file: a redirection that fails at `:` would
      # end dash.
      rota_place_near "$1" "${3-}" || true 2>/dev/null >"$rota_file" || rota_spoilt "can't write $rota_file"
    fi
    rota_blobs=$(($1 + 1))
    eval "rota_blob_$1=\$rota_file"
  fi
  # Blocks of a size that the first caches of a processor hold, then the rest; what is last brings all of it to the
  # disk. A large file is brought there every 4 MiB: an fsync of etcd beside it waits for all that is not there yet (its
  # longest was up to 260 ms while three files of 200 MB came at once, and is up to 84).
  rota_blocks=$(($2 / 32768)) rota_rest=$(($2 % 32768))
  while [ "$rota_blocks" -gt 128 ]; do
    rota_take 128 32768 1
    rota_blocks=$((rota_blocks - 128))
  done
  if [ "$rota_rest" = 0 ]; then rota_last=1; else rota_last=; fi
  [ "$rota_blocks" = 0 ] || rota_take "$rota_blocks" 32768 "$rota_last"
  [ "$rota_rest" = 0 ] || rota_take 1 "$rota_rest" 1
  IFS= read -r rota_value <&4 || exit 1
  [ "$rota_value" = . ] || rota_spoilt "$rota_value"
}

rota_spoilt() {
  [ -n "$rota_blob_error" ] || rota_blob_error=$1
  [ "$rota_file" = /dev/null ] || rm -f "$rota_file"
  rota_file=/dev/null
}

# Makes a file beside NEAR, so that a rename is atomic. Fails when there is no such directory (yet), it can't be
# written, or somebody else has come to own one on the way since the probe. The name is nobody's guess, and an existing
# one is not taken.
rota_place_near() {
  [ -n "$2" ] || return 1
  rota_is_ours "${2%/*}" && [ -d "${2%/*}/" ] && [ ! -L "$2" ] || return 1
  rota_path=${2%/*}/.${2##*/}.rota-$rota_token-$1
  rota_will_make "$rota_path" || return 1
  set -C
  if true 2>/dev/null >"$rota_path"; then rota_value=0; else rota_value=1; fi
  set +C
  [ "$rota_value" = 0 ] || return 1
  rota_file=$rota_path
}

rota_drop_blobs() {
  while [ "$rota_blobs" -gt 0 ]; do
    rota_blobs=$((rota_blobs - 1))
    eval "rota_file=\$rota_blob_$rota_blobs"
    [ ! -e "$rota_file" ] || [ "$rota_file" = /dev/null ] || rm -f "$rota_file"
  done
}

# rota_facts REQUEST SCRIPT…: all in one subshell, for each costs a process; a mark follows what each has printed, so
# that one which ends the subshell is missed. stderr goes to the channel's stderr, which the control machine keeps for
# messages.
rota_facts() {
  rota_request=$1
  shift
  rota_text=$(
    exec 3>&- 4<&- 9>&-
    for rota_script; do
      rota_fact "$rota_script"
      printf '\nrota:%s:\n' "$ROTA_NONCE"
    done
  )
  rota_note facts "$rota_request" 0 "$rota_text"
}

# A function, so that `set --` in a script is its own business.
rota_fact() {
  eval "$1"
}

# rota_start REQUEST ITEM TOKEN: the token is for names of temporary files. The frame that can't be written ends us:
# nobody is there any more, so nothing new is begun.
rota_start() {
  rota_token=$3
  if [ -z "$rota_failed" ]; then
    [ -n "$rota_finishing" ] || [ ! -e "$rota_stop" ] || rota_failed=1
    [ -z "$rota_ending" ] || rota_failed=1
  fi
  rota_blob_error=
  if [ -z "$rota_failed" ]; then
    rota_say started "$1" "$2" '' || exit 1
  else
    rota_say notRun "$1" "$2" '' || exit 1
  fi
}

# rota_item REQUEST ITEM RUN OWES PAYS SCRIPT [MOST [WAITS]]. MOST are the bytes of output that are sent. OWES are
# encoded names, PAYS one; both may be empty. What only WAITS ends as soon as nobody is there to hear of it. Before it,
# rota_play has the number of the play, and rota_uses the run whose backups are put back, where it is one of these.
rota_item() {
  [ -z "$rota_failed" ] || return 0
  rota_need_tmp
  rota_clock
  rota_begun=$rota_now
  rota_run=$3 rota_owes=$4
  rota_code=1
  # Handlers that follow each other are paid together, and before anything else is done.
  [ -n "$5" ] || rota_pay
  if [ -n "$rota_blob_error" ]; then
    rota_failed=1
    rota_drop_blobs
    rota_say 'done' "$1" "$2" "$rota_blob_error" "1 $rota_begun $rota_begun" || exit 1
    return 0
  elif rota_owe "$3" "$4" 2>"$ROTA_TMP/out"; then
    rota_busy=1
    if [ -n "${8-}" ]; then
      rota_wait "$6"
    else
      (
        exec 3>&- 4<&- 9>&-
        umask 022
        set -eu
        eval "$6"
      ) >"$ROTA_TMP/out" 2>&1
      rota_code=$?
    fi
    if [ "$rota_code" = 0 ]; then rota_paid="$rota_paid $5"; fi
  fi
  rota_drop_blobs
  [ "$rota_code" = 0 ] || rota_failed=1
  rota_clock
  rota_most=${7-1048576}
  rota_note_file 'done' "$1" "$2" "$ROTA_TMP/out" "$rota_code $rota_begun $rota_now" || exit 1
}

# rota_wait SCRIPT: sets rota_code. A control machine that is gone is noticed by what can't be said to it: an empty line
# now and then, which is no frame. The script is then ended, and with it this shell: the lock is free.
rota_wait() {
  (
    exec 3>&- 4<&- 9>&-
    umask 022
    set -eu
    eval "$1"
  ) >"$ROTA_TMP/out" 2>&1 &
  rota_waiting=$!
  (
    exec 4<&- 9>&-
    trap '' PIPE
    while sleep 2 3>&-; do
      printf '\n' >&3 || { kill "$rota_waiting" && exit; }
    done
  ) >/dev/null 2>&1 &
  rota_watching=$!
  # `wait` knows the end of one that is gone already.
  # A signal interrupts it: the script is told to end, and asked again.
  while :; do
    wait "$rota_waiting" 2>/dev/null
    rota_code=$?
    kill -0 "$rota_waiting" 2>/dev/null || break
    [ -z "$rota_ending" ] || kill "$rota_waiting" 2>/dev/null
  done
  # One that has just been forked has the handlers of this shell still, and would lose any other signal.
  kill -KILL "$rota_watching" 2>/dev/null
  wait "$rota_watching" 2>/dev/null
}

# Writes down what is owed before the change that owes it; on disk, since a crash must not lose a reload.
rota_owe() {
  [ -n "$2" ] || return 0
  rota_pay
  [ -d "$ROTA_STATE/pending" ] || mkdir -p "$ROTA_STATE/pending" || return 1
  for rota_value in $2; do
    [ -e "$ROTA_STATE/pending/$rota_value" ] ||
      dd "of=$ROTA_STATE/pending/$rota_value" conv=fsync 2>"$ROTA_TMP/err" <<END ||
$1
END
      { cat "$ROTA_TMP/err" >&2 && return 1; }
  done
}

# Takes from what is owed the handlers that have run, before one is owed anew.
rota_pay() {
  set --
  for rota_value in $rota_paid; do set -- "$@" "$ROTA_STATE/pending/$rota_value"; done
  rota_paid=
  [ $# = 0 ] || rm -f "$@"
}

# rota_command REQUEST TIMEOUT HAS_STDIN SCRIPT: one command of a step. With a timeout the script runs in a process
# group of its own, without the functions above. The first line that fails ends it, as with zx; a pipe fails with any of
# its parts where the shell knows that.
rota_command() {
  rota_need_tmp
  rota_input=/dev/null
  [ -z "$3" ] || rota_input=$rota_blob_0
  rota_code=1
  rota_busy=1
  if [ -n "$rota_blob_error" ]; then
    rota_drop_blobs
    rota_note stdout "$1" 0 ''
    rota_note stderr "$1" 0 "$rota_blob_error"
    rota_end "$1" 1
    return
  elif [ -n "$2" ]; then
    printf '%s\n' "$rota_strict" "$4" >"$ROTA_TMP/script"
    rota_export_blobs
    rota_clock
    rota_begun=$rota_now
    # shellcheck disable=SC2086
    (
      exec 3>&- 4<&- 9>&-
      umask 022
      exec timeout -k 5 "$2" $ROTA_SHELL "$ROTA_TMP/script"
    ) <"$rota_input" >"$ROTA_TMP/out" 2>"$ROTA_TMP/err"
    rota_code=$?
    rota_clock
    # busybox says 143 where coreutils says 124.
    if [ "$rota_code" = 143 ] && [ -n "$rota_now" ] && [ "$((${rota_now%.*} - ${rota_begun%.*}))" -ge "${2%.*}" ]; then rota_code=124; fi
  else
    (
      exec 3>&- 4<&- 9>&-
      umask 022
      eval "$rota_strict"
      eval "$4"
    ) <"$rota_input" >"$ROTA_TMP/out" 2>"$ROTA_TMP/err"
    rota_code=$?
  fi
  rota_drop_blobs
  rota_most=67108864
  rota_note_file stdout "$1" 0 "$ROTA_TMP/out" || exit 1
  rota_note_file stderr "$1" 0 "$ROTA_TMP/err" || exit 1
  rota_end "$1" "$rota_code"
}

rota_export_blobs() {
  rota_value=0
  while [ "$rota_value" -lt "$rota_blobs" ]; do
    # shellcheck disable=SC2163
    export "rota_blob_$rota_value"
    rota_value=$((rota_value + 1))
  done
}

# The end of a request; what else the program holds is not begun after a signal.
rota_end() {
  rota_busy=1
  rota_note_left
  rota_pay
  rota_failed=
  rota_blob_error=
  rota_say end "$1" 0 '' "${2-}" || exit 1
  rota_busy=
  [ -z "$rota_ending" ] || exit 1
}

# The name under which a path is kept: its own, with % and / encoded. Sets rota_name.
rota_encode() {
  rota_name=
  rota_rest=$1
  while :; do
    case $rota_rest in
      *[%/]*)
        rota_head=${rota_rest%%[%/]*}
        rota_rest=${rota_rest#"$rota_head"}
        case $rota_rest in
          %*) rota_name=$rota_name$rota_head%25 ;;
          *) rota_name=$rota_name$rota_head%2F ;;
        esac
        rota_rest=${rota_rest#?}
        ;;
      *)
        rota_name=$rota_name$rota_rest
        return 0
        ;;
    esac
  done
}

# Of a directory its owner and mode. What is kept, and what its change notifies, is on the disk before the change, and
# is then in the list: a copy that was cut short is not.
rota_backup() {
  rota_dir=$ROTA_STATE/backup/$rota_run/$rota_play
  if [ ! -d "$rota_dir/absent" ]; then
    (umask 077 && mkdir -p "$rota_dir/absent")
  fi
  rota_encode "$1"
  rota_copy=$rota_dir/$rota_name
  if [ -e "$rota_copy" ] || [ -L "$rota_copy" ] || [ -e "$rota_dir/absent/$rota_name" ]; then :
  elif [ -d "$1" ] && [ ! -L "$1" ]; then
    # shellcheck disable=SC2046
    mkdir -m 700 "$rota_copy" && rota_own "$rota_copy" $(stat -c '%a %u %g' "$1") || return 1
  elif [ -e "$1" ] || [ -L "$1" ]; then
    # Not what a link leads to; a pipe is not waited for.
    cp -pPR "$1" "$rota_copy" || { rm -rf "${rota_copy:?}" && return 1; }
    if [ -f "$rota_copy" ] && [ ! -L "$rota_copy" ] && [ -w "$rota_copy" ]; then
      rota_to_disk "$rota_copy" </dev/null || { rm -f "$rota_copy" && return 1; }
    fi
  else
    : >"$rota_dir/absent/$rota_name"
  fi
  rota_text=${2:--}
  for rota_value in ${rota_owes-}; do rota_text=$rota_text,$rota_value; done
  rota_to_disk "$rota_dir/list" <<END || return 1
kept $rota_text $1
END
  printf '%s\n' "$1" >>"$ROTA_TMP/kept"
}

# rota_to_disk FILE: adds to it what is read, if only nothing, and brings it to the disk.
rota_to_disk() {
  rota_error=$(umask 077 && dd conv=notrunc,fsync 2>&1 >>"$1") || { printf '%s\n' "$rota_error" >&2 && return 1; }
}

# Adds to the list what a request has left where it has kept something before: who has changed it since shows by that.
rota_note_left() {
  [ -n "$ROTA_TMP" ] && [ -s "$ROTA_TMP/kept" ] || return 0
  set --
  while IFS= read -r rota_file; do set -- "$@" "$rota_file"; done <"$ROTA_TMP/kept"
  : >"$ROTA_TMP/kept"
  rota_states "$@" 2>/dev/null >>"$ROTA_STATE/backup/$rota_run/$rota_play/list"
}

# rota_states PATH…: prints lines about what is at each of them, links not followed.
rota_states() {
  stat -c 'left %f %u %g %n' -- "$@" 2>/dev/null
  for rota_file; do
    shift
    if [ -L "$rota_file" ]; then
      rota_value=$(readlink "$rota_file")
      rota_value=$(sha256sum <<END
$rota_value
END
      )
      printf 'leads %s %s\n' "${rota_value%% *}" "$rota_file"
    elif [ -f "$rota_file" ]; then set -- "$@" "$rota_file"
    elif [ ! -e "$rota_file" ]; then printf 'gone %s\n' "$rota_file"
    fi
  done
  [ $# = 0 ] || sha256sum -- "$@"
}

# rota_is_ours DIR: everything on the way to it is a directory of ours. No process.
rota_is_ours() {
  rota_value=$1
  while :; do
    [ ! -L "$rota_value" ] || return 1
    [ "$ROTA_UID" != 0 ] || [ -O "${rota_value:-/}" ] || return 1
    [ -n "$rota_value" ] || return 0
    rota_value=${rota_value%/*}
  done
}

# Nobody but root and this user may change what the current directory holds, or the way to it. Else, rota_sticky says
# whether one of ours stays ours in it. One process.
rota_kept() {
  rota_sticky=
  rota_value=$PWD
  set --
  while [ -n "$rota_value" ]; do
    set -- "$rota_value" "$@"
    rota_value=${rota_value%/*}
  done
  rota_value=$(stat -c '%u %g %a' / "$@" 2>/dev/null) || return 1
  while read -r rota_user rota_group rota_mode; do
    rota_sticky=
    [ "$rota_user" = 0 ] || [ "$rota_user" = "$ROTA_UID" ] || return 1
    case $rota_mode in
      *[2367]) ;;
      *[2367]?)
        # Also where it is root's group: whom an access list lets write shows there.
        [ "$ROTA_UID" = 0 ] || [ "$rota_group" != "$ROTA_GID" ] || continue
        ;;
      *) continue ;;
    esac
    # What is of ours in a directory with the sticky bit stays there.
    case $rota_mode in [1357]???) rota_sticky=1 ;; *) return 1 ;; esac
  done <<END
$rota_value
END
  [ -z "$rota_sticky" ]
}

# rota_resolve PATH: sets rota_real to the physical path, also of what the last part leads to. Fails at a link that
# somebody else may have made.
rota_resolve() {
  rota_real='' rota_rest=$1 rota_hops=0
  while [ -n "$rota_rest" ]; do
    rota_part=${rota_rest%%/*}
    case $rota_rest in */*) rota_rest=${rota_rest#*/} ;; *) rota_rest= ;; esac
    case $rota_part in
      '' | .) continue ;;
      ..) rota_real=${rota_real%/*} && continue ;;
    esac
    rota_real=$rota_real/$rota_part
    [ -L "$rota_real" ] || continue
    rota_hops=$((rota_hops + 1))
    if [ "$rota_hops" -gt 40 ] || ! (cd -P "${rota_real%/*}/" && rota_kept && rota_trusts "$rota_real"); then
      printf '%s is a link that is not followed: somebody else than root may have made it\n' "$rota_real" >&2
      return 1
    fi
    rota_value=$(readlink "$rota_real")
    case $rota_value in /*) rota_real= ;; *) rota_real=${rota_real%/*} ;; esac
    rota_rest=$rota_value/$rota_rest
  done
}

rota_trusts() {
  rota_value=$(stat -c %u "$1") && { [ "$rota_value" = 0 ] || [ "$rota_value" = "$ROTA_UID" ]; }
}

# rota_down NAME: enters a directory here. Fails, elsewhere perhaps, when it is a link or somebody has put one in its
# place.
rota_down() {
  rota_here=${PWD%/}
  cd -P "./$1" 2>/dev/null && [ "$PWD" = "$rota_here/$1" ]
}

# rota_enter DIR [kept]: makes it the current directory, and sets rota_shared to 1 where somebody else has a say in it.
rota_enter() {
  rota_shared=1 rota_real=${1:-/}
  while case $rota_real in ?*/) ;; *) false ;; esac; do rota_real=${rota_real%/}; done
  if ! cd -P "$rota_real" 2>/dev/null; then
    printf "can't enter the directory %s\n" "$rota_real" >&2
    return 1
  fi
  # The kernel says where we are: elsewhere, where there was a link.
  if [ "$PWD" != "$rota_real" ]; then
    set -- "$rota_real"
    rota_resolve "$1" || return 1
    cd -P "${rota_real:-/}" || return 1
    if [ "$PWD" != "${rota_real:-/}" ]; then
      printf '%s leads elsewhere than a moment ago\n' "$1" >&2
      return 1
    fi
  fi
  if { [ "${2-}" = kept ] && rota_is_ours "${PWD%/}"; } || rota_kept; then rota_shared=; fi
}

# rota_at PATH [kept]: enters its directory and sets rota_base to its name there.
rota_at() {
  rota_base=${1##*/}
  rota_enter "${1%/*}" "${2-}"
}

# The same for what a link leads to. One that somebody else may have made is what is at the path itself.
rota_follow() {
  rota_at "$1" "${2-}" || return 1
  if [ -L "./$rota_base" ] && [ -z "$rota_shared" ] && rota_trusts "./$rota_base"; then
    rota_resolve "${PWD%/}/$rota_base" || return 1
    rota_at "$rota_real"
  fi
}

# rota_enter_room NAME: makes a room for what is to be NAME in the current directory, and enters it.
rota_enter_room() {
  rota_room=.$1.rota-$rota_token
  rota_will_make "${PWD%/}/$rota_room" || return 1
  mkdir -m 700 "./$rota_room" || return 1
  # Whoever may write here may have put something else in its place.
  if rota_down "$rota_room"; then
    case $(stat -c '%u %a' .) in "$ROTA_UID 700" | "$ROTA_UID 2700") return 0 ;; esac
  fi
  printf '%s was changed by somebody else while something was written there\n' "$rota_here" >&2
  return 1
}

rota_leave_room() {
  rm -f ./new
  cd -P .. && rmdir "./$rota_room"
}

# rota_put FROM TO MODE OWNER GROUP: in one step, once it is as it shall be. FROM is where nobody else has a say.
rota_put() {
  rota_user=$4 rota_group=$5
  # What root has just made belongs to root already, save in a directory that hands on its group.
  case "$ROTA_UID $4 $5" in
    '0 0 0' | '0 root root') [ -g . ] || rota_user='' rota_group='' ;;
  esac
  rota_own "$1" "$3" "$rota_user" "$rota_group" || return 1
  # Never into a directory that somebody has put there meanwhile, or a link to one. Busybox looks where a link leads,
  # and may not be let.
  if [ -n "$rota_shared" ] && [ -L "$2" ]; then rm -f "$2"; fi
  if ! rota_error=$(mv -f ${rota_shared:+-T} "$1" "$2" 2>&1); then
    case $rota_shared$rota_error in
      # A bind mount (a container's /etc/hosts) can't be renamed onto: it is written in place, where that is nobody
      # else's.
      [!1]*[Bb]usy*) cat "$1" >"$2" && rota_own "$2" "$3" "$4" "$5" && rm -f "$1" || return 1 ;;
      *)
        printf '%s\n' "$rota_error" >&2
        return 1
        ;;
    esac
  fi
  if [ -e /sys/fs/selinux/enforce ] && command -v restorecon >/dev/null 2>&1; then restorecon "$2"; fi
}

rota_install() {
  rota_follow "$2" "${6-}" || return 1
  if [ -d "./$rota_base" ] && [ ! -L "./$rota_base" ]; then
    echo "$2 is a directory, not a file" >&2
    return 1
  fi
  if [ -n "$rota_shared" ]; then
    rota_enter_room "$rota_base" || return 1
    if (umask 077 && cat "$1" >./new) && rota_put ./new "../$rota_base" "$3" "$4" "$5"; then rota_code=0; else rota_code=1; fi
    rota_leave_room || rota_code=1
    rm -f "$1"
    [ "$rota_code" = 0 ] || return 1
  elif [ "${1%/*}" = "${PWD%/}" ]; then
    rota_put "$1" "./$rota_base" "$3" "$4" "$5" || return 1
  else
    rota_new=./.$rota_base.rota-$rota_token
    rota_will_make "${PWD%/}/${rota_new#./}" || return 1
    if (umask 077 && set -C && cat "$1" >"$rota_new") && rota_to_disk "$rota_new" </dev/null && rota_put "$rota_new" "./$rota_base" "$3" "$4" "$5"; then rm -f "$1"
    else
      rm -f "$rota_new"
      return 1
    fi
  fi
  rota_sweep
}

# What a killed run has left beside rota_base; ours is still needed when the script installs two files there. Where
# somebody else has a say, such a name may be anything of his, so a directory is entered to be emptied, and only if it
# is a room.
rota_sweep() {
  for rota_rest in "./.$rota_base".rota-*; do
    case $rota_rest in *".rota-$rota_token"*) continue ;; esac
    if [ -L "$rota_rest" ] || [ -f "$rota_rest" ]; then rm -f "$rota_rest"
    elif [ -d "$rota_rest" ]; then
      (rota_down "${rota_rest#./}" && [ -O . ] && rm -f ./new && cd -P .. && rmdir "$rota_rest") 2>/dev/null || :
    fi
  done
}

rota_link() {
  rota_at "$2" "${3-}" || return 1
  if [ -n "$rota_shared" ]; then
    rota_enter_room "$rota_base" || return 1
    if ln -s "$1" ./new && mv -fT ./new "../$rota_base"; then rota_code=0; else rota_code=1; fi
    rota_leave_room || rota_code=1
    return "$rota_code"
  fi
  rota_new=./.$rota_base.rota-$rota_token
  rota_will_make "${PWD%/}/${rota_new#./}" || return 1
  ln -s "$1" "$rota_new" || return 1
  # Without `mv -T` there is a moment without the link.
  mv -fT "$rota_new" "./$rota_base" 2>/dev/null || { rm -f "$rota_new" && ln -sfn "$1" "./$rota_base"; }
  rota_sweep
}

# Owner and mode are set from within, where `.` is what was entered, whatever is now called so.
rota_directory() {
  if [ ! -d "$1/" ]; then
    rota_rest=$1
    while [ -n "$rota_rest" ] && [ ! -e "$rota_rest" ] && [ ! -L "$rota_rest" ]; do rota_rest=${rota_rest%/*}; done
    rota_tail=${1#"$rota_rest"}
    rota_enter "$rota_rest" "${5-}" || return 1
    if [ -z "$rota_shared" ]; then (umask 022 && mkdir -p ".$rota_tail") && cd -P ".$rota_tail" || return 1
    else
      while [ -n "$rota_tail" ]; do
        rota_tail=${rota_tail#/}
        rota_part=${rota_tail%%/*}
        case $rota_tail in */*) rota_tail=/${rota_tail#*/} ;; *) rota_tail= ;; esac
        (umask 022 && mkdir "./$rota_part") || return 1
        if ! rota_down "$rota_part"; then
          printf '%s was changed by somebody else while it was made\n' "$rota_here/$rota_part" >&2
          return 1
        fi
      done
    fi
  else
    # Whoever has a say on the way: it is entered by its physical path.
    rota_enter "$1" kept || return 1
  fi
  rota_own . "$2" "$3" "$4"
}

rota_own_file() {
  rota_follow "$1" "${5-}" || return 1
  if [ -n "$rota_shared" ]; then
    printf '%s may have been changed by somebody else: run again\n' "$1" >&2
    return 1
  fi
  rota_own "./$rota_base" "$2" "$3" "$4"
}

# Owner first: chown takes set-uid bits away.
rota_own() {
  if [ -n "$3$4" ]; then chown "$3${4:+:$4}" "$1" || return 1; fi
  if [ -n "$2" ]; then chmod "$2" "$1"; fi
}

rota_remove() {
  rota_at "$1" "${2-}" || return 1
  if [ -z "$rota_shared" ]; then rm -rf "./$rota_base"; else rota_empty "./$rota_base"; fi
}

# rota_empty NAME…: removes what has these names here, and goes into no directory by a link: not every `rm -r` is that
# careful.
rota_empty() {
  rm -f "$@" 2>/dev/null && return 0
  for rota_rest; do
    if [ ! -L "$rota_rest" ] && [ -d "$rota_rest" ]; then
      (
        rota_down "${rota_rest#./}" || exit 1
        set -- ./* ./.[!.]* ./..?*
        rota_empty "$@"
      ) && rmdir "$rota_rest" || return 1
    elif [ -L "$rota_rest" ] || [ -e "$rota_rest" ]; then rm -f "$rota_rest" || return 1
    fi
  done
}

# Where somebody else has a say, only a regular file that has no other name, and is still there by that name: not one
# that he has linked to.
rota_read() {
  (
    rota_follow "$1" "${2-}" || exit 1
    # A pipe would be waited for.
    [ -f "./$rota_base" ] || exit 1
    exec 5<"./$rota_base" || exit 1
    if [ -n "$rota_shared" ]; then
      if [ "$(stat -L -c %h /proc/self/fd/5)" != 1 ] || [ "$(readlink /proc/self/fd/5)" != "${PWD%/}/$rota_base" ]; then
        printf '%s is a link, or has a second name, and somebody else has a say there: it is not read\n' "$1" >&2
        exit 1
      fi
    fi
    cat <&5
  )
}

# rota_merge FROM TO: FROM is in $ROTA_TMP. The files of each directory come through a room there.
rota_merge() {
  rota_enter "$2" || return 1
  rota_shared=1
  rota_merge_here "$1"
}

rota_merge_here() {
  rota_from=$1
  set --
  for rota_rest in "$rota_from"/* "$rota_from"/.[!.]* "$rota_from"/..?*; do
    if [ -L "$rota_rest" ] || { [ -e "$rota_rest" ] && [ ! -d "$rota_rest" ]; }; then set -- "$@" "$rota_rest"; fi
  done
  if [ $# -gt 0 ]; then
    rota_enter_room rota || return 1
    cp -pPR "$@" . || return 1
    set --
    for rota_rest in ./* ./.[!.]* ./..?*; do
      if [ -L "$rota_rest" ] || [ -e "$rota_rest" ]; then set -- "$@" "$rota_rest"; fi
    done
    mv -f "$@" .. && rota_leave_room || return 1
  fi
  for rota_rest in "$rota_from"/* "$rota_from"/.[!.]* "$rota_from"/..?*; do
    if [ -L "$rota_rest" ] || [ ! -d "$rota_rest" ]; then continue; fi
    rota_part=${rota_rest##*/}
    if [ -L "./$rota_part" ]; then rm -f "./$rota_part"; fi
    [ -d "./$rota_part" ] || mkdir "./$rota_part" || return 1
    (
      rota_down "$rota_part" || exit 1
      rota_value=$(stat -c '%a %u %g' "$rota_rest")
      # shellcheck disable=SC2086
      rota_own . $rota_value && rota_merge_here "$rota_rest"
    ) || return 1
  done
}

rota_serve() {
  while IFS= read -r rota_size <&4; do
    rota_text=$(dd "bs=$rota_size" count=1 iflag=fullblock <&4 2>/dev/null 3>&- 9>&-)
    IFS= read -r rota_value <&4 && [ "$rota_value" = . ] || exit 1
    eval "$rota_text"
  done
}

rota_main() {
  exec 3>&1 4<&0 0</dev/null 1>&2
  umask 077
  cd "${HOME:-/}" 2>/dev/null || cd /
  ROTA_TMP='' rota_token='' rota_stop='' rota_pidlock='' rota_busy='' rota_ending='' rota_failed='' rota_blob_error='' rota_run='' rota_play=0 rota_uses='' rota_finishing='' rota_paid=''
  rota_blobs=0 rota_strict='command set -o pipefail 2>/dev/null || :; set -eu'
  trap rota_clean EXIT
  trap rota_over HUP INT TERM
  trap 'exit 141' PIPE
  rota_hello
  [ -n "$ROTA_READONLY" ] || rota_lock
  rota_say ready 0 0 ''
  eval "$ROTA_FIRST"
  rota_serve
}

rota_main
