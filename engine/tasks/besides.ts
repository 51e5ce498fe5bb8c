/**
 * Shell text after `rota_follow`, for what a task makes there itself: it goes to `$new`, and from there to `$to`. Where
 * somebody else has a say, that is in a room of its own: a name beside the place would be his.
 */
export const besides = `if [ -z "$rota_shared" ]; then
  new=./.$rota_base.rota-$rota_token to=./$rota_base
  trap 'rm -f "$new"; rota_sweep' EXIT
else
  rota_enter_room "$rota_base"
  new=./new to=../$rota_base
  trap 'rota_leave_room; rota_sweep' EXIT
fi`
