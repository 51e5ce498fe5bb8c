import { factNames } from './fact-names.ts'

/**
 * Names of Ansible's own that an inventory may hold: its "special variables", and what the connection, become and shell
 * plugins of ansible-core read (`ansible-doc -t connection ssh` and its like).
 */
export const ansibleNames: ReadonlySet<string> = new Set([
  ...factNames,
  ...`check_mode collection_name config_file dependent_role_names diff_mode facts forks group_priority index_var
  inventory_sources limit local loop loop_var parent_role_names parent_role_paths play_batch play_hosts play_hosts_all
  play_name play_role_names playbook_python role_name role_names run_tags search_path skip_tags verbosity version

  admin_users async_dir become become_exe become_flags become_method become_pass become_password become_user
  command_timeout common_remote_group connect_timeout connection connection_timeout control_path control_path_dir
  delegated_vars host host_key_checking host_key_auto_add interpreter_python_fallback jump_password
  module_compression no_log no_target_syslog password persistent_log_messages pipelining pkcs11_provider port
  private_key private_key_file private_key_passphrase python_interpreter remote_addr remote_port remote_temp remote_tmp
  remote_user scp_executable scp_extra_args scp_if_ssh sftp_batch_mode sftp_executable sftp_extra_args
  shell_allow_world_readable_temp shell_executable shell_type ssh_args ssh_common_args ssh_executable ssh_extra_args
  ssh_host ssh_host_key_checking ssh_pass ssh_password ssh_password_mechanism ssh_pipelining ssh_port ssh_private_key
  ssh_private_key_file ssh_private_key_passphrase ssh_retries ssh_timeout ssh_transfer_method ssh_use_tty ssh_user
  ssh_verbosity sshpass_prompt su su_exe su_flags su_pass su_user sudo sudo_exe sudo_flags sudo_pass sudo_user doas_exe
  doas_flags doas_pass doas_user system_tmpdirs timeout user`
    .split(/\s+/)
    .map(name => `ansible_${name}`),
  ...'group_names groups hostvars inventory_dir inventory_file inventory_hostname inventory_hostname_short'.split(' '),
  ...'omit play_hosts playbook_dir role_name role_names role_path environment'.split(' '),
])

/** Names of old that Ansible still takes, and what is said instead (porting guide 2.0). */
export const renamedByAnsible: ReadonlyMap<string, string> = new Map([
  ['ansible_ssh_host', 'ansible_host'],
  ['ansible_ssh_port', 'ansible_port'],
  ['ansible_ssh_user', 'ansible_user'],
  ['ansible_ssh_pass', 'ansible_password'],
  ['ansible_sudo_pass', 'ansible_become_password'],
])
