#!/bin/sh
# ssh runs this to ask for something. Rota is told who asks for what, and says what to do: the password comes through a
# pipe that only its owner can open, so it is in no argv and no environment. `+` is the answer. `?` is for an ssh that
# has a terminal of its own (in a ProxyCommand, under sshpass): it is asked there, as ssh would have done. All else is
# not answered, and why goes to ssh's stderr.
kill -0 "$ROTA_PID" 2>/dev/null || exit 1
printf '%s\n%s\n%s\0' "$PPID" "${SSH_ASKPASS_PROMPT-}" "$1" 1<>"$ROTA_ASKPASS/question"
IFS= read -r answer <"$ROTA_ASKPASS/answer" || exit 1
case $answer in
  +*) printf '%s\n' "${answer#+}" ;;
  *)
    case $answer in
      '?'*) { printf '%s' "$1" >/dev/tty && IFS= read -r typed </dev/tty; } 2>/dev/null && printf '%s\n' "$typed" && exit ;;
    esac
    printf '%s\n' "${answer#?}" >&2
    exit 1
    ;;
esac
