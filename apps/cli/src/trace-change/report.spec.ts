import { describe, expect, it } from '@jest/globals';
import { traceReport } from './report.js';

const at = Date.UTC(2026, 10, 26);
const node = (name: string): string => `sidecar~10.0.0.1~${name}.default~default.svc.cluster.local`;

describe('traceReport', () => {
  it('shows each step since the commit, by Pilot and by proxy', () => {
    const trace = {
      committedAt: at,
      receivedAt: at + 2,
      generatedAt: at + 5,
      concerned: [
        { proxy: node('a'), sentAt: at + 6, ackedAt: at + 11 },
        { proxy: node('b'), sentAt: at + 8, ackedAt: at + 20 },
      ],
      more: 0,
    };
    const report = traceReport([{ pilot: 'p', revision: 7, proxies: 3, holding: 3, trace, known: [6, 7] }]);
    expect(report.split('\n').map((line) => line.replace(/ {2,}/g, '  '))).toEqual([
      'revision 7, committed 2026-11-26T00:00:00.000Z',
      'PILOT  HELD BY  INGESTED  GENERATED  FIRST SENT  LAST ACK',
      'p  3/3  2 ms  5 ms  6 ms  20 ms',
      '',
      'PROXY  PILOT  SENT  ACK',
      'a.default  p  6 ms  11 ms',
      'b.default  p  8 ms  20 ms',
      '',
    ]);
  });

  it('begins where the change was written', () => {
    const trace = {
      changed: [
        {
          key: 'networking.istio.io/VirtualService/shop/reviews',
          op: 'put',
          origin: { file: 'a.yaml', line: 12 },
        },
        {
          key: 'networking.istio.io/Gateway/edge/web',
          op: 'origin',
          origin: { file: 'cluster/east', line: 0 },
        },
        { key: 'networking.istio.io/Sidecar/shop/old', op: 'delete' },
      ],
      moreChanged: 2,
      heardAt: at,
      committedAt: at + 4,
      receivedAt: at + 6,
      concerned: [],
      more: 0,
    };
    const report = traceReport([{ pilot: 'p', revision: 7, proxies: 0, holding: 0, trace, known: [7] }]);
    expect(report.split('\n').map((line) => line.trimEnd().replace(/ {2,}/g, '  '))).toEqual([
      'revision 7, heard of 2026-11-26T00:00:00.000Z, committed after 4 ms',
      '  put  VirtualService shop/reviews  a.yaml:12',
      '  moved  Gateway edge/web  cluster/east',
      '  delete  Sidecar shop/old',
      '  and 2 more',
      'PILOT  HELD BY  INGESTED  GENERATED  FIRST SENT  LAST ACK',
      'p  0/0  6 ms  -  -  -',
      '',
    ]);
  });

  it('says what is missing: a last ACK while one is, and a revision that is not remembered', () => {
    const concerned = [{ proxy: node('a'), sentAt: at + 6, ackedAt: at + 11 }, { proxy: node('b') }];
    const trace = { receivedAt: at, concerned, more: 4 };
    const report = traceReport([
      { pilot: 'p', revision: 7, proxies: 3, holding: 2, trace, known: [7] },
      { pilot: 'q', revision: 7, proxies: 1, holding: 0, known: [2, 3] },
    ]);
    expect(report).toMatch(/^p +2\/3 +0 ms +- +6 ms +-$/m);
    expect(report).toMatch(/^b.default +p +- +-$/m);
    expect(report).toMatch(/^p: and 4 more proxies$/m);
    expect(report).toMatch(/^q does not remember revision 7; it does: 2 to 3$/m);
  });
});
