export { createVault, isVaulted, openVault, type Vault, type VaultSecret } from './vault.ts'
export { readVaultSecrets } from './vault-secrets.ts'
export { encryptVault } from './vault-write.ts'
