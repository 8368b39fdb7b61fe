import { describe, expect, it } from '@jest/globals';
import { FlagError, parseFlags } from './flags.js';
import { COMMON_FLAGS, flag, formatAddress, parseAddress, parseDuration } from './values.js';

const FLAGS = {
  ...COMMON_FLAGS,
  xdsTls: flag.address('the TLS port'),
  ttl: flag.duration('a lifetime', '24h'),
};

describe('parseFlags', () => {
  it('reads flags before the environment before defaults', () => {
    const env = { QUARTET_STATE: '/from-env', QUARTET_TTL: '20s' };
    const values = parseFlags(FLAGS, ['--xds-tls', '127.0.0.1:15012', '--ttl', '1h30m'], env);
    expect(values.xdsTls).toEqual({ host: '127.0.0.1', port: 15012 });
    expect(values.ttl).toBe(5_400_000);
    expect(values.state).toBe('/from-env');
    expect(values.logLevel).toBe('info');
    expect(values.natsNkey).toBeUndefined();
  });

  it('reads a toggle without a value, and never takes the next argument for one', () => {
    const toggles = {
      json: flag.toggle('print JSON'),
      quiet: flag.toggle('say nothing'),
      name: flag.text('a name'),
    };
    expect(parseFlags(toggles, ['--json', '--name', 'a'], { QUARTET_QUIET: 'false' })).toEqual({
      json: true,
      quiet: false,
      name: 'a',
    });
    expect(() => parseFlags(toggles, ['--name', 'a'], { QUARTET_JSON: 'yes' })).toThrow(
      'neither true nor false',
    );
  });

  it('reports every problem at once', () => {
    const problems = problemsOf(['--ttl', 'soon', '--colour', 'red', 'stray', '--nats']);
    expect(problems).toEqual([
      'unknown flag --colour',
      "unexpected argument 'red'",
      "unexpected argument 'stray'",
      '--nats wants a value',
      '--state is required: ' + COMMON_FLAGS.state.help,
      '--xds-tls is required: the TLS port',
      "--ttl: 'soon' is not a duration such as 20s or 1h30m",
    ]);
  });

  function problemsOf(argv: string[]): readonly string[] {
    try {
      parseFlags(FLAGS, argv, {});
    } catch (error) {
      if (error instanceof FlagError) return error.problems;
    }
    throw new Error('no FlagError');
  }
});

describe('values', () => {
  it.each([
    ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
    ['[::1]:15010', { host: '::1', port: 15010 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
  ])('reads the address %s', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
    expect(formatAddress(address)).toBe(text);
  });

  it.each(['127.0.0.1', ':80', 'host:99999', 'a b:1'])('refuses the address %s', (text) => {
    expect(() => parseAddress(text)).toThrow('is not HOST:PORT');
  });

  it.each([
    ['250ms', 250],
    ['20s', 20_000],
    ['1.5h', 5_400_000],
    ['90d', 7_776_000_000],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
});
