#!/bin/sh
# ssh runs this to ask for a password. It comes through a pipe that only its owner can open, so it is in no argv and no environment.
# A question that is not for the password (an unknown host key, a key's passphrase) is not answered.
case ${SSH_ASKPASS_PROMPT-}$1 in
  confirm* | none* | *yes/no* | *assphrase* | *' PIN '*) exit 1 ;;
esac
IFS= read -r password <"$ROTA_ASKPASS" && printf '%s\n' "$password"
