import { test } from 'uvu'
import { equal, is, match } from 'uvu/assert'
import { type BatchLook, openWeb } from '../../../engine/index.ts'
import { type PrometheusGateOptions, prometheusGate, verdictOf } from '../../../roles/lib/gates/prometheus.ts'
import { serve } from '../../unit/web/server.ts'

const vector = (...values: readonly (string | readonly [string, Readonly<Record<string, string>>])[]) =>
  JSON.stringify({
    status: 'success',
    data: {
      resultType: 'vector',
      result: values.map(value => {
        const [text, metric] = typeof value === 'string' ? [value, {}] : value
        return { metric, value: [1_700_000_000.1, text] }
      }),
    },
  })
const scalar = (value: string) =>
  JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [1_700_000_000, value] } })

type Bound = Parameters<typeof verdictOf>[1]
type Case = readonly [what: string, bound: Bound, text: string, saw?: RegExp, status?: number]
const cases: readonly Case[] = [
  ['below', { below: 0.01 }, vector('0.0099')],
  ['at the bound is not below', { below: 0.01 }, vector('0.01'), /^0\.01$/],
  ['at most', { atMost: 1 }, vector('1')],
  ['above', { above: 1 }, vector('1'), /^1$/],
  ['at least', { atLeast: 1 }, vector('1')],
  ['between two bounds', { atLeast: 1, below: 2 }, vector('1', '1.999')],
  ['outside of one of two', { atLeast: 1, below: 2 }, vector('2'), /^2$/],
  [
    'each series must keep it',
    { below: 1 },
    vector('0', ['5', { job: 'shop', pod: 'a' }], '0'),
    /^5 \(job=shop, pod=a\)$/,
  ],
  ['a scalar', { atLeast: 3 }, scalar('3')],
  ['infinite', { below: 1 }, vector('+Inf'), /^\+Inf$/],
  ['infinitely little', { below: 1 }, vector('-Inf')],
  ['no number', { below: 1 }, vector('NaN'), /^NaN$/],
  ['an empty text', { below: 1 }, vector(''), /^$/],
  ['a text', { below: 1 }, vector('0x'), /^0x$/],
  ['no data', { below: 1 }, vector(), /^no data \(/],
  [
    'a range',
    { below: 1 },
    JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [] } }),
    /neither a vector nor a scalar/,
  ],
  [
    'samples that are none',
    { below: 1 },
    JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [{ value: [1] }, 7] } }),
    /neither a vector/,
  ],
  ['no data field', { below: 1 }, '{"status":"success"}', /neither a vector/],
  [
    'not whole',
    { below: 1 },
    JSON.stringify({ ...JSON.parse(vector('0')), warnings: ['store b is away'] }),
    /may not be whole: store b is away/,
  ],
  [
    'a query that is none',
    { below: 1 },
    '{"status":"error","errorType":"bad_data","error":"parse error at char 3"}',
    /^400: parse error at char 3$/,
    400,
  ],
  ['a page to log in on', { below: 1 }, '<html>', /^200, and no answer of Prometheus: <html>$/],
  ['JSON of somebody else', { below: 1 }, '[1]', /no answer of Prometheus/],
  ['cut short', { below: 1 }, vector('0').slice(0, -1), /no answer of Prometheus/],
  [
    'many',
    { below: 1 },
    vector(...Array.from({ length: 90 }, () => ['5', { pod: 'p'.repeat(9999) }] as const)),
    /^(5 \(pod=p+\); ){5}and 85 more$/,
  ],
]
for (const [what, bound, text, saw, status = 200] of cases)
  test(`prometheus: ${what}${saw ? ' does not hold' : ' holds'}`, () => {
    const verdict = verdictOf({ status, text }, bound, 'x')
    is(verdict.ok, saw === undefined, JSON.stringify(verdict))
    if (verdict.ok || !saw) return
    match(verdict.saw, saw)
    is(verdict.saw.length < 2000, true)
  })

/** One look at a server, and the queries that it was asked. */
async function look(options: Omit<PrometheusGateOptions, 'url'>, answers: readonly string[], path = '') {
  const queries: string[] = []
  const authorized: (string | undefined)[] = []
  const server = await serve({
    [`${path}/api/v1/query`]: ({ url = '', headers }, response) => {
      queries.push(new URL(url, 'http://x').searchParams.get('query') ?? '')
      authorized.push(headers.authorization)
      response.end(answers[Math.min(queries.length, answers.length) - 1])
    },
  })
  const web = await openWeb()
  try {
    const asked = prometheusGate({ url: `${server.base}${path}`, ...options })
    const context = { web: async () => web, signal: new AbortController().signal } as unknown as BatchLook
    return { verdict: await asked.look(context), queries, authorized, gate: asked }
  } finally {
    await web.close()
    server.close()
  }
}

test('prometheus: the query is asked as it stands, behind the path of the server', async () => {
  const query = 'sum(rate(errors{job="shop"}[5m])) > bool 0 # + and & and #'
  const { verdict, queries } = await look({ query, below: 1 }, [vector('0')], '/prometheus')
  equal([verdict, queries], [{ ok: true }, [query]])
})

test('prometheus: over a time its highest value is asked for, its lowest, or both; a comment ends before the bracket', async () => {
  const { queries } = await look({ query: 'up # all', below: 2, over: 300 }, [vector('1')])
  equal(queries, ['max_over_time((up # all\n)[300s:5s])'])
  const low = await look({ query: 'up', atLeast: 1, over: 60 }, [vector('1')])
  equal(low.queries, ['min_over_time((up\n)[60s:1s])'])
  const both = await look({ query: 'up', atLeast: 1, atMost: 1, over: 60 }, [vector('1'), vector('0')])
  equal(both.queries.length, 2)
  is(both.verdict.ok, false)
})

test('prometheus: a token is sent, is a secret, and stands in nothing that is shown', async () => {
  const token = 'tok-4711-0815'
  const { authorized, gate } = await look({ query: 'up', atLeast: 1, token }, [vector('1')])
  equal([authorized, gate.secrets], [[`Bearer ${token}`], [token]])
  is(JSON.stringify([gate.name, gate.expected, gate.wrong]).includes(token), false)
})

test('prometheus: a server that is away, and an answer without end', async () => {
  const away = prometheusGate({ url: 'http://127.0.0.1:9', query: 'up', atLeast: 1 })
  const web = await openWeb()
  const context = { web: async () => web, signal: new AbortController().signal } as unknown as BatchLook
  const verdict = await away.look(context)
  await web.close()
  match(verdict.ok ? '' : verdict.saw, /nobody listens there/)
  const long = await look({ query: 'up', atLeast: 1 }, [vector('1').padEnd(5 * 1024 * 1024)])
  match(long.verdict.ok ? '' : long.verdict.saw, /says more than 4 MiB/)
})

test('prometheus: refused without a bound, and without a URL', () => {
  match(prometheusGate({ url: 'http://p', query: 'up' }).wrong.join(), /^it needs a bound: below/)
  match(prometheusGate({ url: 'p', query: 'up', below: 1 }).wrong.join(), /^"p" is no http/)
  const plain = (url: string) => prometheusGate({ url, query: 'up', below: 1, token: 'tok-4711' }).wrong
  equal(plain('http://p'), ['its token would be sent by plain http'])
  equal(prometheusGate({ url: 'http://u:s3cret@p', query: 'up', below: 1 }).wrong, [
    'its password would be sent by plain http',
  ])
  equal(prometheusGate({ url: 'htp://u:s3cret@p', query: 'up', below: 1 }).wrong, ['"htp://…@p" is no http(s) URL'])
  equal(prometheusGate({ url: 'https://u:s3cret@p', query: 'up', below: 1 }).secrets, ['s3cret'])
  for (const url of ['https://p', 'http://127.0.0.1:9090', 'http://localhost', 'http://[::1]:9090'])
    equal(plain(url), [])
  is(plain('http://127.0.0.1.example.org').length, 1)
  is(prometheusGate({ url: 'http://p', query: 'up', below: 1 }).origin.file, 'test/roles/gates/prometheus.test.ts')
})

test.run()
