import { describe, expect, it } from '@jest/globals';
import * as names from './names.js';

describe('names', () => {
  it('are read back as they were written', () => {
    expect(names.parseOutbound(names.outboundCluster(80, 'v1', 'a.b'))).toEqual({
      port: 80,
      subset: 'v1',
      host: 'a.b',
    });
    const subset = { port: 80, subset: 'v1', host: 'a.b' };
    expect(names.parseOutboundSni(names.outboundSni(subset))).toEqual(subset);
    expect(names.parseOutboundSni(names.outboundSni({ ...subset, subset: '' }))).toEqual({
      ...subset,
      subset: '',
    });
    expect(names.parseOutboundSni('outbound|80||a.b')).toBeUndefined();
    expect(names.parseInbound(names.inboundCluster(9080))).toBe(9080);
    expect(names.parseVirtualHostResource(names.virtualHostResource('80', '*.a.b', 80))).toEqual({
      route: '80',
      host: '*.a.b',
      port: 80,
    });
  });

  it.each(['', 'inbound|80||', 'outbound|80', 'outbound|80||', 'outbound|80||a|b'])(
    '%j is no outbound cluster',
    (name) => {
      expect(names.parseOutbound(name)).toBeUndefined();
    },
  );

  it.each(['80', '80/a', '/a:80', 'a:80'])('%j is no virtual host', (name) => {
    expect(names.parseVirtualHostResource(name)).toBeUndefined();
  });
});
