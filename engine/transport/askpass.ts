import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

/** Hands a password to ssh. */
export interface Askpass {
  readonly env: Readonly<Record<string, string>>
  readonly end: () => Promise<void>
}

export async function offerPassword(password: string): Promise<Askpass> {
  if (password.includes('\n')) throw new Error('a password for ssh can hold no line break')
  const directory = await mkdtemp(join(tmpdir(), 'rota-askpass-'))
  const fifo = join(directory, 'fifo')
  await execa('mkfifo', ['-m', '600', fifo])
  // Opened for reading too, so that opening does not wait for ssh; what is not read is gone when it is closed.
  const pipe = await open(fifo, 'r+')
  // ssh may ask twice: once for keyboard-interactive, once for password.
  await pipe.write(`${password}\n${password}\n`)
  return {
    env: {
      SSH_ASKPASS: fileURLToPath(new URL('./askpass.sh', import.meta.url)),
      SSH_ASKPASS_REQUIRE: 'force',
      // Before OpenSSH 8.4 this is what makes ssh use it.
      DISPLAY: process.env.DISPLAY ?? ':0',
      ROTA_ASKPASS: fifo,
    },
    end: async () => {
      await pipe.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
