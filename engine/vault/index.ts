/** Reads and writes Ansible's vaults. */

export { readVaultSecrets } from './secrets.ts'
export { createVault, isVaulted, openVault, type Vault, type VaultSecret } from './vault.ts'
export { encryptVault } from './write.ts'
