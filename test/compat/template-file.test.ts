import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadInventory } from '../../engine/inventory/index.ts'
import { renderFile } from '../../engine/values/index.ts'
import { python } from './oracle.ts'

// Files as roles of Ansible have them, rendered here and by Ansible's own template module.
const dir = mkdtempSync(join(tmpdir(), 'rota-template-file-'))
test.after(() => rmSync(dir, { recursive: true }))

const inventoryText = `[masters]
m1 ip=10.0.0.1 local=yes
m2 ip=10.0.0.2
[masters:vars]
port=6443
greeting="hello {{ inventory_hostname }}"
[all:vars]
ansible_connection=local
`
const templates: Readonly<Record<string, string>> = {
  'a loop over a group': `# {{ ansible_managed }}
backend api
{% for host in groups['masters'] %}
  server {{ host }} {{ hostvars[host].ip }}:{{ port }} check{% if not loop.last %} # more{% endif %}

{% endfor %}
end
`,
  'no line feed at the end': 'x = {{ port }}',
  'an expression at the end': '{{ greeting }}\n',
  'several at the end': 'x\n\n\n',
  nothing: '',
  'a block at the end': 'a\n{% if local is defined %}\nb\n{% endif %}\n',
  'blanks before blocks': 'a\n  {% if true %}\n  b\n  {% endif %}\nc\n',
  'whitespace control': 'a\n{%- for i in [1, 2] -%}\n  {{ i }}\n{%- endfor %}\nb\n',
  comments: '{# one #}\na {# two\nlines #} b\n{#- three -#}\nc\n',
  'raw text': '{% raw %}{{ kept }}{% endraw %}\n',
  set: "{% set names = groups['masters'] | sort(reverse=true) %}\n{{ names | join(',') }}\n",
  'a list and a mapping': "{{ [1, 'a', none] }} {{ {'a': true} }}\n",
  'numbers and booleans': '{{ 1.5 }} {{ true }} {{ port }} {{ none }}|\n',
  'what looks like code': '[{{ port }}]\n',
  'else of a loop': '{% for x in [] %}\n{{ x }}\n{% else %}\nnone\n{% endfor %}\n',
  CRLF: 'a\r\n{{ port }}\r\n',
  'a default': "{{ nothing_there | default('x') }} {{ local | bool }}\n",
}

if (python === undefined) {
  test.skip('a template file gives what it gives Ansible (ansible-core is not installed)')
} else {
  writeFileSync(join(dir, 'hosts.ini'), inventoryText)
  const names = Object.keys(templates)
  names.forEach((name, index) => {
    writeFileSync(join(dir, `${index}.j2`), templates[name] ?? '')
  })
  const numbers = names.map((_, index) => index)
  const tasks = [{ template: { src: `${dir}/{{ item }}.j2`, dest: `${dir}/{{ item }}.out` }, loop: numbers }]
  writeFileSync(join(dir, 'site.yml'), JSON.stringify([{ hosts: 'm1', gather_facts: false, tasks }]))
  execFileSync('ansible-playbook', ['-i', join(dir, 'hosts.ini'), join(dir, 'site.yml')], { cwd: dir, stdio: 'pipe' })
  names.forEach((name, index) => {
    test(name, async () => {
      const inventory = await loadInventory({ sources: [join(dir, 'hosts.ini')] })
      const host = inventory.hosts.get('m1')
      assert.ok(host)
      const { text } = renderFile(inventory, host, join(dir, `${index}.j2`))
      assert.is(text, readFileSync(join(dir, `${index}.out`), 'utf8'))
    })
  })
}

test.run()
