import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CertificateState } from '../../../roles/lib/pki/certificate.ts'
import { reasonToRenew } from '../../../roles/lib/pki/decide.ts'
import type { Wish } from '../../../roles/lib/pki/wish.ts'

const wish: Wish = {
  name: 'hosts/m1/apiserver',
  ca: 'ca',
  subject: { commonName: 'kube-apiserver' },
  names: ['kubernetes', 'm1'],
  addresses: ['10.0.0.1', '::1'],
  usages: ['server'],
}
const good: CertificateState = {
  subject: { commonName: 'kube-apiserver' },
  names: ['kubernetes', 'm1', 'left'],
  addresses: ['10.0.0.1', '::1'],
  usages: ['server', 'client'],
  notBefore: new Date('2024-01-01'),
  notAfter: new Date('2025-01-01'),
  signedByCa: true,
  keyFits: true,
}
const now = new Date('2024-03-01')

const table: readonly (readonly [string, CertificateState | undefined, string | undefined])[] = [
  ['all is well', good, undefined],
  ['nothing there', undefined, 'does not exist'],
  ['key', { ...good, keyFits: false }, 'the key does not belong to it'],
  ['authority', { ...good, signedByCa: false }, 'not signed by ca'],
  ['name', { ...good, subject: { commonName: 'other' } }, 'the subject differs'],
  [
    'group',
    { ...good, subject: { commonName: 'kube-apiserver', organization: 'system:masters' } },
    'the subject differs',
  ],
  ['one name', { ...good, names: ['kubernetes'] }, 'm1 is missing'],
  ['a name and an address', { ...good, names: ['kubernetes'], addresses: ['::1'] }, 'm1, 10.0.0.1 are missing'],
  ['use', { ...good, usages: ['client'] }, 'not for use as a server'],
  ['expiry', { ...good, notAfter: new Date('2024-03-20') }, 'expires 2024-03-20'],
  ['expired', { ...good, notAfter: new Date('2024-02-20') }, 'expires 2024-02-20'],
]
for (const [title, state, expected] of table) test(title, () => assert.is(reasonToRenew(wish, state, now), expected))

test('an address is the same however it is written', () => {
  assert.is(reasonToRenew({ ...wish, addresses: ['0:0:0:0:0:0:0:1'] }, good, now), undefined)
})

test('whatever is wanted beyond what is there is named; what is wanted and there never renews', () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { maxLength: 8 })
  fc.assert(
    fc.property(names, names, (wanted, present) => {
      const reason = reasonToRenew({ ...wish, names: wanted, addresses: [] }, { ...good, names: present }, now)
      const missing = wanted.filter(name => !present.includes(name))
      return missing.length === 0 ? reason === undefined : missing.every(name => reason?.includes(name))
    }),
  )
})

test.run()
