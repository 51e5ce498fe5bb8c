import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AnyRole } from '../../engine/role/role.ts'
import { resolveParams } from '../../engine/values/params.ts'
import { checkHa } from '../../roles/check-ha/role.ts'
import { controlPlane } from '../../roles/control-plane/role.ts'
import { haproxyAbsent } from '../../roles/haproxy/absent.ts'
import { haproxy } from '../../roles/haproxy/role.ts'
import { haproxyProxy } from '../../roles/haproxy-proxy/role.ts'
import { kubeClients } from '../../roles/kube-clients/role.ts'
import { type VipPort, vipPortOf } from '../../roles/lib/cluster/index.ts'
import { nginxProxy } from '../../roles/nginx-proxy/role.ts'
import { nginxVipAbsent } from '../../roles/nginx-vip/absent.ts'
import { nginxVip } from '../../roles/nginx-vip/role.ts'
import { nodeAbsent } from '../../roles/node/absent.ts'
import { nodeProxyAbsent } from '../../roles/node-proxy/absent.ts'

type Vars = Readonly<Record<string, unknown>>
/** A role's params as an inventory with these variables sets them. */
function paramsBy({ role, params = {} }: { readonly role: AnyRole; readonly params?: Vars }, vars: Vars): Vars {
  // What else a role needs is no matter of this test.
  const part = { ...role, params: { ...role.params, required: [] } }
  const resolved = resolveParams({ role: part, params } as never, name =>
    vars[name] === undefined
      ? undefined
      : ({ value: vars[name], variable: { name, value: vars[name], origin: { file: 'hosts.ini' } } } as never),
  )
  if (!resolved.ok) throw new Error(resolved.problems.map(({ message }) => message).join('; '))
  return resolved.params
}

const asking = [
  checkHa(),
  controlPlane(),
  haproxyAbsent(),
  haproxyProxy(),
  kubeClients(),
  nginxProxy(),
  nginxVipAbsent(),
  nodeAbsent(),
  nodeProxyAbsent(),
]
const nginx = { kube_vip_load_balancer: 'nginx' }
const lvs = { kube_vip_load_balancer: 'lvs' }
const table: readonly (readonly [Vars, number])[] = [
  [{}, 8443],
  [{ haproxy_kube_apiserver_port: 9443 }, 9443],
  [{ haproxy_bind_port: 9444 }, 9444],
  [{ nginx_vip_port: 9445 }, 8443],
  [{ ...nginx, haproxy_bind_port: 9444 }, 8443],
  [{ ...nginx, haproxy_kube_apiserver_port: 9443 }, 9443],
  [{ ...nginx, haproxy_kube_apiserver_port: 9443, nginx_vip_port: 9445 }, 9445],
  [{ ...nginx, nginx_vip_protocol: 'http' }, 8080],
  [lvs, 6443],
  [{ ...lvs, kube_apiserver_port: 7443 }, 7443],
  [{ ...lvs, kube_lvs_port: 443 }, 443],
  [{ kube_vip_enabled: true }, 6443],
]
for (const [vars, port] of table)
  test(`the port of the virtual address is ${port} to every role: ${JSON.stringify(vars)}`, () => {
    for (const call of asking)
      assert.is(vipPortOf(paramsBy(call as never, vars) as unknown as VipPort), port, call.role.name)
  })
test('it is the port of the load balancer itself', () => {
  for (const [vars, port] of table) {
    if (vars.kube_vip_load_balancer === undefined && vars.kube_vip_enabled === undefined)
      assert.is(paramsBy(haproxy() as never, vars).bindPort, port)
    if (vars.kube_vip_load_balancer === 'nginx' && vars.nginx_vip_protocol === undefined)
      assert.is(paramsBy(nginxVip() as never, vars).port ?? 8443, port)
  }
})

test.run()
