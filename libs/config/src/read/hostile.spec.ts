import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readConfig } from './config.js';
import { decodeUtf8, readFile } from './file.js';

/** Of the processor, which others may use as well. Generous: an input that is quadratic in its size takes minutes. */
const BOUND_MS = 10_000;

const bomb = [
  'a: &a [x,x,x,x,x,x,x,x,x,x]',
  ...'bcdefghij'.split('').map((name, at) => {
    const before = 'abcdefghi'[at];
    return `${name}: &${name} [${Array(10).fill(`*${before}`).join(',')}]`;
  }),
].join('\n');

const HOSTILE: [string, string][] = [
  ['an alias bomb', bomb],
  ['an alias of itself', 'a: &a [*a]'],
  ['brackets, 100,000 deep', '['.repeat(100_000)],
  ['maps, 50,000 deep', '{a: '.repeat(50_000)],
  ['lists, 50,000 deep', '- '.repeat(50_000)],
  ['keys, 50,000 deep', '? '.repeat(50_000)],
  ['100,000 keys', Array.from({ length: 100_000 }, (_, at) => `k${at}: 1`).join('\n')],
  ['100,000 anchors', Array.from({ length: 100_000 }, (_, at) => `- &a${at} x`).join('\n')],
  ['20,000 aliases', `a: &a x\nb:\n${'- *a\n'.repeat(20_000)}`],
  ['100,000 empty documents', '---\n'.repeat(100_000)],
  ['100,000 bad documents', '---\n}\n'.repeat(20_000)],
  ['one endless line', `a: ${'x '.repeat(1_000_000)}`],
  ['blank lines', '\n'.repeat(500_000)],
  ['quotes', '"'.repeat(100_000)],
  ['an unknown tag', 'a: !!js/function "x"'],
  ['a merge key', '<<: {__proto__: 1}\n'],
  ['no text', '\0\u0001\u007f'],
  ['more than is read', 'a'.repeat(9_000_000)],
];

describe('hostile files', () => {
  it.each(HOSTILE)('survives %s', (_name, text) => {
    const start = process.cpuUsage();
    const { resources } = readConfig([{ path: 'x.yaml', text }]);
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(BOUND_MS);
    expect(resources.size).toBe(0);
  });

  it.each([
    '__proto__: {polluted: 1}',
    '"__proto__": 1',
    '{a: {__proto__: {polluted: 1}}}',
    '? __proto__\n: 1',
  ])('refuses %s', (text) => {
    const { diagnostics } = readConfig([{ path: 'x.yaml', text }]);
    expect(diagnostics[0]?.message).toContain('__proto__');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('knows bytes that are no UTF-8', () => {
    expect(decodeUtf8(Buffer.from([0x61, 0xff, 0xfe]))).toBeUndefined();
    expect(decodeUtf8(Buffer.from('\ufeffkind: ä'))).toBe('kind: ä');
  });

  it('never throws, and reads the same with and without what it read before', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '---\n',
        'apiVersion: networking.istio.io/v1\n',
        'kind: VirtualService\n',
        'kind: Sidecar\n',
        'metadata:\n  name: a\n',
        'spec:\n',
        '  hosts: [a]\n',
        '  http:\n',
        '  - route: []\n',
        '  egress: [{hosts: ["*/*"]}]\n',
        '# x\n',
        '%YAML 1.2\n',
        '...\n',
        '\t',
        '"',
        '|\n',
        '&a ',
        '*a ',
        '{',
        ']',
      ),
      fc.string({ maxLength: 12 }),
    );
    const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const first = readFile('x.yaml', before);
        const fresh = readFile('x.yaml', after);
        expect(readFile('x.yaml', after, first).documents).toEqual(fresh.documents);
      }),
      { numRuns: 500 },
    );
  });

  it('takes any value for any field without throwing', () => {
    const kinds = [
      'VirtualService',
      'DestinationRule',
      'Gateway',
      'ServiceEntry',
      'WorkloadEntry',
      'WorkloadGroup',
      'Sidecar',
    ];
    const fields =
      'hosts http route match destination host subsets trafficPolicy tls servers port egress ingress uri regex endpoints address labels template weight timeout name'.split(
        ' ',
      );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<unknown>(null, true, -1, 0, 80, 1.5, '', 'a', '*', '1s', '('),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...fields), tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.constantFrom(...kinds), value, (kind, spec) => {
        const text = JSON.stringify({
          apiVersion: 'networking.istio.io/v1',
          kind,
          metadata: { name: 'x' },
          spec,
        });
        readConfig([{ path: 'x.json', text }]);
      }),
      { numRuns: 1500 },
    );
  });
});
