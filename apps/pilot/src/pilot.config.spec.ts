import { describe, expect, it } from '@jest/globals';
import { FlagError } from '#common/flags';
import { readConfig } from './pilot.config.js';

const problemsOf = (...argv: string[]): readonly string[] => {
  try {
    readConfig(argv, {});
    return [];
  } catch (error) {
    if (error instanceof FlagError) return error.problems;
    throw error;
  }
};

describe('readConfig', () => {
  it('reads a Pilot that serves plaintext alone', () => {
    const config = readConfig(['--state', '/s', '--xds', '127.0.0.1:15010', '--mixer', '127.0.0.1:9091'], {});
    expect(config).toMatchObject({ xds: '127.0.0.1:15010', mixer: '127.0.0.1:9091', maxStreams: 10_000 });
    expect(config.xdsTls).toBeUndefined();
  });

  it('reads where its own certificate comes from', () => {
    const identity = ['--citadel', '127.0.0.1:8060', '--root', '/root.pem', '--token-file', '/token'];
    const { xdsTls } = readConfig(['--state', '/s', '--xds-tls', '0.0.0.0:15012', ...identity], {});
    expect(xdsTls).toEqual({
      bind: '0.0.0.0:15012',
      identity: { citadel: '127.0.0.1:8060', root: '/root.pem', tokenFile: '/token' },
    });
  });

  it("reads Istio's switches", () => {
    const argv = ['--state', '/s', '--xds', '127.0.0.1:15010', '--redis-filter', '--http-on443'];
    expect(readConfig(argv, {}).switches).toEqual({
      redisFilter: true,
      http10: false,
      httpOn443: true,
      dualStack: false,
    });
  });

  it('takes Mixer by address or by name', () => {
    const argv = ['--state', '/s', '--xds', '127.0.0.1:15010', '--mixer-by-name'];
    expect(readConfig(argv, {}).mixer).toBe('by-name');
    expect(problemsOf(...argv, '--mixer', '127.0.0.1:9091')).toEqual([
      '--mixer and --mixer-by-name exclude each other',
    ]);
  });

  it('names all problems at once', () => {
    expect(problemsOf('--state', '/s')).toEqual(['one of --xds and --xds-tls is required']);
    const argv = [
      '--state',
      '/s',
      '--xds',
      '0.0.0.0:15010',
      '--xds-tls',
      '0.0.0.0:15012',
      '--max-streams',
      '0',
    ];
    expect(problemsOf(...argv)).toEqual([
      '--xds-tls needs --citadel',
      '--xds-tls needs --root',
      '--xds-tls needs --token-file',
      "--xds: '0.0.0.0' is not a loopback address: nobody proves anything there",
      "--max-streams: '0' is not a number above 0",
    ]);
  });
});
