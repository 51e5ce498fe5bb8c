// @ts-check
/** @import { Tool } from '../types.ts' */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { which } from 'zx'
import * as content from '../content.mjs'

const deploy = fileURLToPath(new URL('../pyinfra/deploy.py', import.meta.url))

/** It keeps no connection after a run. @type {Tool} */
export const pyinfra = {
  name: 'pyinfra',
  missing: async () =>
    (await which('pyinfra', { nothrow: true })) ? undefined : 'it is not installed here (pipx install pyinfra)',
  run: async ({ dir, targets, key, knownHosts, site }, upstreams) => {
    const given = JSON.parse(await readFile(site, 'utf8'))
    const wanted = { hosts: given.bench_hosts, vip: given.vip, upstreams }
    const steps = join(dir, `pyinfra-${upstreams}.json`)
    const inventory = join(dir, 'pyinfra_hosts.py')
    const { packages, directories, sysctls, services, lineOfEnv: line } = content
    await writeFile(
      steps,
      JSON.stringify({
        packages,
        directories,
        sysctls,
        services,
        line,
        block: content.hostsBlock(wanted),
        files: content.files(wanted),
      }),
    )
    const hosts = targets.map(({ address, port }) => [
      address,
      { ssh_user: 'root', ssh_port: port, ssh_key: key, ssh_known_hosts_file: knownHosts },
    ])
    await writeFile(inventory, `bench = [tuple(each) for each in ${JSON.stringify(hosts)}]\n`)
    return {
      words: ['pyinfra', '-y', '--parallel', String(targets.length), inventory, deploy],
      env: { BENCH_STEPS: steps },
    }
  },
}
