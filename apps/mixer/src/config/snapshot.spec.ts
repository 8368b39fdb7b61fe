import { describe, expect, it } from '@jest/globals';
import { TestRuntime } from '../testing/runtime.js';
import { candidates } from './names.js';

const resource = (kind: string, name: string, spec: string, namespace = 'default') =>
  `apiVersion: config.istio.io/v1alpha2\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n---\n`;
const HANDLER = resource('handler', 'h', '{ compiledAdapter: denier }');
const INSTANCE = resource('instance', 'i', '{ compiledTemplate: checknothing }');
const action = (handler: string, ...instances: string[]) =>
  `{ actions: [{ handler: ${handler}, instances: [${instances.join(', ')}] }] }`;

function findings(yaml: string): string[] {
  const { diagnostics } = new TestRuntime(yaml).current.snapshot;
  return diagnostics.map(({ code, path, message, origin }) => `${code} ${origin.line} ${path}: ${message}`);
}

describe('names', () => {
  it.each([
    ['h', ['h.handler.ns']],
    ['h.memquota', ['h.memquota.ns', 'h.handler.memquota']],
    ['h.handler.other', ['h.handler.other']],
  ])('%s may mean %j', (reference, expected) => {
    expect(candidates(reference, 'handler', 'ns')).toEqual(expected);
  });
});

describe('a config', () => {
  it('is taken as far as it is valid', () => {
    const yaml =
      HANDLER +
      INSTANCE +
      resource('rule', 'good', action('h', 'i')) +
      resource('rule', 'bad', '{ match: "1 +", actions: [{ handler: h, instances: [i] }] }');
    const { snapshot } = new TestRuntime(yaml).current;
    expect(snapshot.rules.map(({ fqn }) => fqn)).toEqual(['good.rule.default']);
    expect(findings(yaml)).toEqual(['QT4001 16 spec.match: unexpected the end (at 3)']);
  });

  it.each([
    [
      resource('rule', 'r', action('none', 'i')) + INSTANCE,
      'IST0101',
      'spec.actions[0].handler: no usable handler none',
    ],
    [
      HANDLER + resource('rule', 'r', action('h', 'none')),
      'IST0101',
      'spec.actions[0].instances[0]: no usable instance none',
    ],
    [
      HANDLER +
        resource('instance', 'm', "{ compiledTemplate: metric, params: { value: '1' } }") +
        resource('rule', 'r', action('h', 'm')),
      'QT4002',
      'denier does not take a metric',
    ],
    [
      resource('rule', 'r', '{ match: "1", requestHeaderOperations: [{ name: a, operation: REMOVE }] }'),
      'QT4001',
      'spec.match: expected BOOL, found INT64',
    ],
    [resource('rule', 'r', action('none', 'i')), 'QT4004', 'the rule does nothing'],
    [resource('handler', 'x', '{ compiledAdapter: opa }'), 'IST0101', 'no adapter is named "opa"'],
    [resource('instance', 'x', '{ compiledTemplate: edge }'), 'IST0101', 'no template is named "edge"'],
    [
      resource('instance', 'x', '{ compiledTemplate: metric, params: { value: no.such } }'),
      'QT4001',
      'unknown attribute no.such',
    ],
    [resource('instance', 'x', '{ compiledTemplate: metric }'), 'QT4001', 'spec.params.value: is required'],
    [
      resource('instance', 'x', "{ compiledTemplate: metric, params: { value: '1', dimension: {} } }"),
      'QT4001',
      'unknown field dimension',
    ],
    [
      resource('handler', 'x', '{ compiledAdapter: denier, params: { status: { code: 0 } } }'),
      'IST0106',
      'OK refuses nothing',
    ],
    [
      resource('handler', 'x', '{ compiledAdapter: denier, params: { statu: {} } }'),
      'IST0106',
      'unknown field statu',
    ],
    [
      resource(
        'handler',
        'x',
        '{ compiledAdapter: memquota, params: { quotas: [{ name: q, maxAmount: -1 }] } }',
      ),
      'IST0106',
      'must not be negative',
    ],
    [
      resource(
        'handler',
        'x',
        '{ compiledAdapter: listchecker, params: { overrides: ["("], entryType: REGEX } }',
      ),
      'IST0106',
      'no RE2 expression',
    ],
    [
      resource('handler', 'x', '{ compiledAdapter: prometheus, params: { metrics: [{ name: a }] } }'),
      'IST0106',
      'metrics[0].instanceName: is required',
    ],
    [
      resource('QuotaSpecBinding', 'b', '{ services: [{ name: a }], quotaSpecs: [{ name: none }] }'),
      'IST0101',
      'no QuotaSpec none',
    ],
  ])('says what is wrong: %#', (yaml, code, message) => {
    const found = findings(yaml);
    expect(found.some((finding) => finding.startsWith(code) && finding.includes(message)) || found).toBe(
      true,
    );
  });

  it('knows legacy kinds', () => {
    const { snapshot } = new TestRuntime(
      `apiVersion: config.istio.io/v1alpha2
kind: attributemanifest
metadata: { name: extra, namespace: istio-system }
spec: { attributes: { shop.tenant: { valueType: STRING }, request.path: { valueType: INT64 } } }
---
` +
        HANDLER +
        INSTANCE +
        resource(
          'rule',
          'r',
          '{ match: shop.tenant == request.path, actions: [{ handler: h.handler, instances: [i.instance.default] }] }',
        ),
    ).current;
    expect(snapshot.diagnostics).toEqual([]);
    expect(snapshot.rules).toHaveLength(1);
  });
});

describe('handlers', () => {
  it('stay while adapter and parameters stay, and end with their last rule', () => {
    const yaml = HANDLER + INSTANCE + resource('rule', 'r', action('h', 'i'));
    const runtime = new TestRuntime(yaml);
    const before = runtime.current.handlers.running.get('h.handler.default');
    runtime.use(yaml + resource('rule', 'r2', action('h', 'i')));
    expect(runtime.current.handlers.running.get('h.handler.default')).toBe(before);
    expect(runtime.current.handlers).toMatchObject({ built: 0, reused: 1 });
    runtime.use(yaml.replace('denier', 'denier, params: { validDuration: 1s }'));
    expect(runtime.current.handlers).toMatchObject({ built: 1, reused: 0 });
    runtime.use(HANDLER + INSTANCE);
    expect(runtime.current.handlers.running.size).toBe(0);
  });
});
