import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { envoyAccepts, type BootstrapJson } from '#common/testing';

describe('the golden bootstraps', () => {
  it.each(['sidecar', 'gateway', 'proxy-config'])('are what the real Envoy takes: %s', async (name) => {
    const file = new URL(`testdata/${name}.json`, import.meta.url);
    const bootstrap = JSON.parse(readFileSync(file, 'utf8')) as BootstrapJson;
    expect(await envoyAccepts(bootstrap)).toEqual({ accepted: true, message: '' });
  });
});
