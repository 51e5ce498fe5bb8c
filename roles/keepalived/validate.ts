/**
 * `keepalived -t`, which fails for anything it has to say. Two things are no reason to refuse a configuration that asks
 * for them, as those of the source documents do: that it tracks its own interface without being told, and that scripts
 * run without `enable_script_security`.
 */
export const validate = `# keepalived -t
said=$(keepalived -t -f %s 2>&1) || {
  wrong=$(echo "$said" | grep -v -e "Ignoring track_interface .* since own interface" -e "script_security not enabled" || :)
  [ -z "$wrong" ] || { echo "$said"; exit 1; }
}`
