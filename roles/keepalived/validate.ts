/**
 * `keepalived -t`, which ends with 5 for anything it has to say. That it tracks its own interface without being told is no reason to
 * refuse a configuration that tells it (the first of the source documents does).
 */
export const validate = `sh -c 'said=$(keepalived -t -f "$0" 2>&1) && exit 0
printf "%s\\n" "$said" | grep -v "Ignoring track_interface .* since own interface" | grep -q . || exit 0
printf "%s\\n" "$said"; exit 1' %s`
