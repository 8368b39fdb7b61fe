import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { packageRoot } from '#common/binaries';
import { quartet, tempDir } from '#common/testing';

const bad = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
    - route:
        - destination: {host: reviews}
          weight: -1
`;

function file(name: string, text: string): string {
  const path = join(tempDir(), name);
  writeFileSync(path, text);
  return path;
}

describe('the command line', () => {
  it('validates files, with code, path and line, and says by its exit code what it found', async () => {
    const path = file('reviews.yaml', bad);
    const found = await quartet('validate', '-f', path, '-o', 'json');
    expect(found.code).toBe(1);
    expect(JSON.parse(found.stdout)).toEqual([
      expect.objectContaining({
        code: 'IST0106',
        level: 'Error',
        path: 'spec.http[0].route[0].weight',
        origin: { file: path, line: 10 },
        resource: 'networking.istio.io/VirtualService/default/reviews',
      }),
    ]);
    const text = await quartet('validate', '-f', path);
    expect(text.stdout).toContain(`${path}:10: Error [IST0106] spec.http[0].route[0].weight:`);
    const samples = join(packageRoot(), 'samples/bookinfo');
    expect(await quartet('analyze', '-f', samples)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('translates what is sound and tells what is not', async () => {
    const proxy = 'sidecar~10.0.0.1~a.default~default.svc.cluster.local';
    const result = await quartet('xds', '-f', file('reviews.yaml', bad), '--proxy', proxy);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('[IST0106]');
    expect(Object.keys(JSON.parse(result.stdout) as object)).toEqual([
      'listeners',
      'routes',
      'clusters',
      'endpoints',
      'extensions',
    ]);
    expect((await quartet('xds', '-f', tempDir(), '--proxy', 'nonsense')).code).toBe(2);
  });

  it('evaluates expressions', async () => {
    const attributes = file('attributes.json', '{"request.path": "/api", "request.headers": {"a": "1"}}');
    const yes = await quartet('expr', 'request.headers["a"] == "1"', '--attributes', attributes);
    expect(yes).toEqual({ code: 0, stdout: 'true\n', stderr: '' });
    const no = await quartet('expr', 'request.path ==', '--attributes', attributes, '-o', 'json');
    expect(no.code).toBe(1);
    expect(JSON.parse(no.stdout)).toMatchObject({ error: expect.any(String), position: expect.any(Number) });
  });

  it('tells its version, the usage and the lack of a control plane', async () => {
    const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
      version: string;
    };
    const told = await quartet('version', '-o', 'json');
    expect(JSON.parse(told.stdout)).toMatchObject({ quartet: version, envoy: '1.40.0' });
    expect((await quartet('up')).code).toBe(2);
    expect((await quartet('no-such-command')).code).toBe(2);
    expect((await quartet('agent')).code).toBe(2);
    const nobody = await quartet('proxy-status', '--state', tempDir());
    expect(nobody.code).toBe(1);
    expect(nobody.stderr).toContain("start one with 'quartet up'");
  });
});
