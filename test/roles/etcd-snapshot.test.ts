import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keepSnapshot, type SnapshotAt } from '../../roles/etcd/snapshot.ts'
import { host } from './support/inventory.ts'
import { localHosts } from './support/local-hosts.ts'

// What is sent runs as it is, with programs that stand in for etcd's: in what they differ is in files beside them.

const root = '/root-of-the-host'
const run = '20260101T030405Z-4711'

const programs = {
  // `broken`: what becomes of the file that it has written; `dies`: it is killed in the midst of it, and its parent.
  etcdctl: `#!/bin/sh
cd "$HOST_DIR"
echo "etcdctl $*" | sed 's/--[a-z-]*=[^ ]* //g' >>calls
for last; do :; done
case "$*" in
  *'endpoint status'*) cat endpoint ;;
  *'snapshot save'*)
    head -c 5632 /dev/zero >"$last.part"
    [ ! -e dies ] || { rm dies; kill -9 $PPID $$; }
    [ ! -e refuses ] || { echo 'Error: rpc error' >&2; exit 1; }
    sha256sum <"$last.part" | cut -d ' ' -f 1 | sed 's/../\\\\x&/g' | { read -r hex; bash -c "printf '$hex'"; } >>"$last.part"
    [ ! -e broken ] || sh ./broken "$last.part"
    mv "$last.part" "$last"
    ;;
  *'snapshot status'*) cat old-status ;;
esac
`,
  etcdutl: `#!/bin/sh
cd "$HOST_DIR"
echo "etcdutl $*" >>calls
[ ! -e no-utl ] || exit 127
case "$*" in *status*) cat status; [ ! -s unreadable ] || { cat unreadable >&2; exit 1; } ;; esac
`,
  docker: `#!/bin/sh
case $1 in
  ps) [ ! -e "$HOST_DIR/pod" ] || echo 12ab ;;
  exec) echo "docker $1 $2 $3" >>"$HOST_DIR/calls"; shift 2; exec "$@" ;;
esac
`,
  df: `#!/bin/sh
printf 'Filesystem 1024-blocks Used Available Capacity Mounted on\\n/dev/a 9 9 %s 9%% /\\n' "$(cat "$HOST_DIR/free")"
`,
  chown: '#!/bin/sh\necho "chown $1" >>"$HOST_DIR/calls"\n',
  sync: '#!/bin/sh\necho "sync $(basename "$1")" >>"$HOST_DIR/calls"\n',
}

function members(names: readonly string[], more: Partial<SnapshotAt> = {}) {
  const bin = join(localHosts(root).dirOf('bin'))
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), text)
    chmodSync(join(bin, name), 0o755)
  }
  const hosts = localHosts(root, bin)
  for (const name of names) {
    const dir = hosts.dirOf(name)
    mkdirSync(join(dir, 'backups'))
    writeFileSync(join(dir, 'endpoint'), '[{"Status":{"dbSize":20971520,"leader":1}}]')
    writeFileSync(join(dir, 'free'), '1000000')
    writeFileSync(join(dir, 'status'), '{"hash":1,"revision":3121,"totalKey":812,"totalSize":5632}')
    writeFileSync(join(dir, 'old-status'), '{"hash":1,"revision":7,"totalKey":8}')
  }
  const said: string[] = []
  const at: SnapshotAt = {
    ...{ configDir: `${root}/config`, clientPort: 2379, backupDir: `${root}/backups` },
    ...{ snapshotsKept: 3, snapshotsSize: 1, ...more },
  }
  const list = names.map((name, index) => host(name, `10.0.0.${index + 1}`))
  const context = { on: hosts.on, run, say: (text: string) => said.push(text) }
  const dirOf = (name: string): string => join(hosts.dirOf(name), 'backups/rota-etcd')
  return {
    said,
    dirOf,
    end: () => {
      hosts.end()
      rmSync(join(bin, '..'), { recursive: true })
    },
    keep: (as = run) => keepSnapshot({ ...context, run: as }, at, list).then(String, (error: Error) => error.message),
    files: (name: string): readonly string[] => readdirSync(dirOf(name)).sort(),
    calls: (name: string) =>
      readFileSync(join(hosts.dirOf(name), 'calls'), 'utf8')
        .trim()
        .split('\n'),
    write: (name: string, file: string, text = '') => writeFileSync(join(hosts.dirOf(name), file), text),
    hostDir: hosts.dirOf,
  }
}
type Made = ReturnType<typeof members>
const on =
  (names: readonly string[], work: (made: Made) => Promise<void>, more: Partial<SnapshotAt> = {}) =>
  async () => {
    const made = members(names, more)
    try {
      await work(made)
    } finally {
      made.end()
    }
  }

test(
  'one is kept on the first host: read, compared with its sum, on the disk before it has its name, and root alone reads it',
  on(['m1', 'm2'], async made => {
    assert.is(await made.keep(), 'true')
    assert.equal(made.files('m1'), [`${run}.db`])
    const { mode, size } = statSync(join(made.dirOf('m1'), `${run}.db`))
    assert.equal([(mode & 0o7777).toString(8), size], ['600', 5664])
    assert.is((statSync(made.dirOf('m1')).mode & 0o7777).toString(8), '700')
    const part = join(made.dirOf('m1'), '.rota-snapshot')
    assert.equal(made.calls('m1'), [
      'etcdctl endpoint status -w json',
      `etcdctl snapshot save ${part}`,
      'etcdutl version',
      `etcdutl snapshot status ${part} -w json`,
      'chown 0:0',
      'sync .rota-snapshot',
      'sync rota-etcd',
    ])
    assert.equal(made.said, [
      `m1: a snapshot of etcd is in ${root}/backups/rota-etcd/${run}.db (1 MiB, 812 keys, revision 3121)`,
    ])
  }),
)
test(
  'a run keeps one, wherever it is; the next one keeps its own',
  on(['m1', 'm2'], async made => {
    mkdirSync(made.dirOf('m2'))
    made.write('m2', `backups/rota-etcd/${run}.db`)
    assert.is(await made.keep(), 'false')
    assert.equal(made.said, [])
    assert.is(await made.keep('20260101T030406Z-1'), 'true')
    assert.equal(made.files('m1'), ['20260101T030406Z-1.db'])
  }),
)
test(
  'hosts that come at once find that of the first',
  on(['m1'], async made => {
    assert.equal((await Promise.all([made.keep(), made.keep(), made.keep()])).sort(), ['false', 'false', 'true'])
    assert.is(made.calls('m1').filter(call => call.includes('save')).length, 1)
  }),
)
test(
  'a member that is a pod writes where its data is, by its own programs, and nothing stays there',
  on(
    ['m1'],
    async made => {
      const data = join(made.hostDir('m1'), 'data')
      mkdirSync(data)
      made.write('m1', 'pod')
      assert.is(await made.keep(), 'true')
      assert.equal([made.files('m1'), readdirSync(data)], [[`${run}.db`], []])
      for (const call of ['etcdctl snapshot save', 'etcdutl snapshot status'])
        assert.ok(
          made.calls('m1').some(text => text.startsWith(`${call} ${data}/.rota-snapshot`)),
          call,
        )
      assert.ok(made.calls('m1').includes('docker exec 12ab etcdutl'))
    },
    { podPki: `${root}/pki/etcd`, podData: `${root}/data` },
  ),
)
for (const [what, prepare, why] of [
  [
    'there is no room',
    made => made.write('m1', 'free', '80000'),
    /backups\/rota-etcd has 78 MiB left, and 84 are needed: make room, or set etcd_backup_prefix/,
  ],
  [
    'its member does not answer',
    made => made.write('m1', 'endpoint', ''),
    /m1: its member does not tell the size of its database/,
  ],
  ['its member gives none', made => made.write('m1', 'refuses'), /m1: Error: rpc error/],
  [
    'etcd can not read it',
    made => made.write('m1', 'unreadable', 'file is not a snapshot'),
    /m1: it can't be read: .*file is not a snapshot/,
  ],
  [
    'it is cut off',
    made => made.write('m1', 'broken', 'truncate -s 5000 "$1"'),
    /m1: it is not whole: etcd has put no sum at its end/,
  ],
  [
    'it was changed on its way',
    made => made.write('m1', 'broken', 'printf x | dd of="$1" bs=1 seek=700 conv=notrunc 2>/dev/null'),
    /m1: it is not whole: it differs from the sum at its end/,
  ],
  [
    'its directory is a link',
    made => symlinkSync('/tmp', made.dirOf('m1')),
    /rota-etcd is a link: a snapshot is not written where it leads/,
  ],
] as const satisfies readonly (readonly [string, (made: Made) => void, RegExp])[])
  test(
    `none is kept where ${what}, nothing is left of it, and those that are there stay`,
    on(['m1'], async made => {
      assert.is(await made.keep('20260101T030405Z-1'), 'true')
      if (what === 'its directory is a link') rmSync(made.dirOf('m1'), { recursive: true })
      prepare(made)
      const failed = await made.keep()
      assert.match(failed, /^no snapshot of etcd could be kept, and nothing is changed without one: m1: /)
      assert.match(failed, why)
      if (what !== 'its directory is a link') assert.equal(made.files('m1'), ['20260101T030405Z-1.db'])
    }),
  )
test(
  'where one host can not the next one does',
  on(['m1', 'm2'], async made => {
    made.write('m1', 'free', '0')
    assert.is(await made.keep(), 'true')
    assert.equal([made.files('m1'), made.files('m2')], [[], [`${run}.db`]])
  }),
)
test(
  'one that is killed in the midst of it leaves none under its name, and the next one takes away what it has left',
  on(['m1'], async made => {
    made.write('m1', 'dies')
    assert.match(await made.keep(), 'it took too long')
    assert.equal(made.files('m1'), ['.rota-snapshot.part'])
    assert.is(await made.keep(), 'true')
    assert.equal(made.files('m1'), [`${run}.db`])
  }),
)
test(
  'without etcdutl the etcdctl of old reads it; one of 3.6 can not, and its sum alone counts',
  on(['m1'], async made => {
    made.write('m1', 'no-utl')
    assert.is(await made.keep(), 'true')
    assert.match(made.said[0] ?? '', '8 keys, revision 7')
    made.write('m1', 'old-status', 'Usage:\n  etcdctl snapshot <subcommand>')
    assert.is(await made.keep('20260101T030406Z-1'), 'true')
    assert.match(made.said[1] ?? '', '(1 MiB, compared with its sum; no etcdutl is there to read it)')
  }),
)

// What is there, oldest first, how many and how many MiB are to be kept, and what is left beside the new one.
const older = ['20240101T000000Z.db', '20250101T000000Z-9.db', '20250102T000000Z-10.db']
const kept: readonly (readonly [string, Partial<SnapshotAt>, number, readonly string[]])[] = [
  ['as many as may be', { snapshotsKept: 4 }, 1000, older],
  ['one too many', { snapshotsKept: 3 }, 1000, older.slice(1)],
  ['none but the new one', { snapshotsKept: 1 }, 1000, []],
  ['no larger than they may be together', { snapshotsKept: 9, snapshotsSize: 1 }, 500_000, older.slice(1)],
  ['each larger than all may be', { snapshotsKept: 9, snapshotsSize: 1 }, 2_000_000, []],
]
for (const [what, more, size, left] of kept)
  test(
    `the oldest go, and nothing that is not ours: ${what}`,
    on(
      ['m1'],
      async made => {
        mkdirSync(made.dirOf('m1'))
        for (const name of [...older, 'mine.db', '20240101.db'])
          made.write('m1', `backups/rota-etcd/${name}`, 'x'.repeat(size))
        assert.is(await made.keep(), 'true')
        assert.equal(made.files('m1'), [...left, `${run}.db`, 'mine.db', '20240101.db'].sort())
      },
      more,
    ),
  )
test(
  'a clock that was ahead does not cost the new one its place',
  on(
    ['m1'],
    async made => {
      mkdirSync(made.dirOf('m1'))
      for (const year of [2050, 2051]) made.write('m1', `backups/rota-etcd/${year}0101T000000Z-1.db`)
      assert.is(await made.keep(), 'true')
      assert.equal(made.files('m1'), [`${run}.db`, '20510101T000000Z-1.db'])
    },
    { snapshotsKept: 2 },
  ),
)

test.run()
