// One large file on every host.
import { writeFileSync } from 'node:fs'
import { file, play, playbook } from 'rota'

const { BENCH_SOURCE: source, BENCH_TARGET: path, BENCH_MEMORY: memory } = process.env

await playbook('large', [play('a large file', { hosts: 'all', tasks: [file({ path, source })] })])
// Kilobytes, as getrusage has it.
if (memory) writeFileSync(memory, String(process.resourceUsage().maxRSS * 1024))
