// @ts-check
// Not run: `npm run check` compiles it, and fails when a wrong param of a playbook is not a type error any more.
import { play, playbook } from 'rota'
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

await playbook('typed', ({ vars: { node, how } }) => [play(node, { hosts: `all:!${node}`, serial: how.length })], {
  vars: { node: { type: 'string' }, how: { enum: ['soft', 'hard'] } },
})
// @ts-expect-error a variable that the playbook does not have
await playbook('misspelt', ({ vars }) => [play('x', { hosts: vars.nod })], { vars: { node: { type: 'string' } } })
// @ts-expect-error a variable where there are none
await playbook('none', ({ vars }) => [play('x', { hosts: vars.node })])
// @ts-expect-error true or false where text is expected
await playbook('wrong type', ({ vars }) => [play('x', { hosts: vars.gone })], { vars: { gone: { type: 'boolean' } } })
// @ts-expect-error compared with a value that it can not have
await playbook('wrong value', ({ vars: { how } }) => [play('x', { hosts: how === 'sotf' ? 'a' : 'b' })], {
  vars: { how: { enum: ['soft', 'hard'] } },
})
