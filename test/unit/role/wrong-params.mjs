// @ts-check
// Not run: `npm run check` compiles it, and fails when a wrong param of a playbook is not a type error any more.
import { play } from 'rota'
import { haproxy, nginxProxy } from 'rota/roles'

play('right', { hosts: 'all', serial: '20%', roles: [nginxProxy({ port: 8443 }), haproxy({ balance: 'source' })] })
// @ts-expect-error a misspelt param
play('wrong name', { hosts: 'all', roles: [nginxProxy({ prot: 8443 })] })
// @ts-expect-error text where a number is expected
play('wrong type', { hosts: 'all', roles: [nginxProxy({ port: '8443' })] })
// @ts-expect-error a value that is none of those allowed
play('wrong value', { hosts: 'all', roles: [haproxy({ balance: 'sourec' })] })
// @ts-expect-error a misspelt option of a play
play('wrong option', { hosts: 'all', seril: 1 })
