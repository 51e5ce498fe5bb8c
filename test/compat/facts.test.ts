import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openChannel } from '../../engine/transport/channel.ts'
import { ansibleFactRequests, ansibleFacts } from '../../engine/values/ansible-facts.ts'
import { python } from './oracle.ts'

/** Ansible's own facts of this machine. */
function setup(): Readonly<Record<string, unknown>> {
  const args = ['-i', 'localhost,', '-c', 'local', 'localhost', '-o', '-m', 'setup', '-a', 'gather_subset=!all,network']
  const env = { ...process.env, ANSIBLE_CONFIG: new URL('ansible.cfg', import.meta.url).pathname }
  const out = execFileSync('ansible', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], env })
  return JSON.parse(out.slice(out.indexOf('{'))).ansible_facts
}

if (python === undefined) {
  test.skip('facts for templates are those of the setup module (ansible-core is not installed)')
} else {
  test('facts for templates are those of the setup module', async () => {
    const channel = await openChannel({ host: 'here', transport: { kind: 'local' }, shell: ['sh'] }, { readOnly: true })
    const mine = ansibleFacts(await channel.probe(ansibleFactRequests))
    await channel.close()
    const theirs = setup()
    for (const [name, value] of Object.entries(mine)) {
      const other = theirs[name]
      // Of the way out Ansible knows more.
      if (/default_ipv[46]$/.test(name)) assert.equal({ ...Object(other), ...Object(value) }, other, name)
      // Containers come and go while this runs: what both see is enough.
      else if (Array.isArray(value))
        assert.ok(value.length === 0 || value.some(one => Array.isArray(other) && other.includes(one)), name)
      else assert.equal(value, other, name)
    }
  })
}

test.run()
