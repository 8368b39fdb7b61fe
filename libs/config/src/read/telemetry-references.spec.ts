import { describe, expect, it } from '@jest/globals';
import { readConfig } from './config.js';

const telemetry = (provider: string) => `apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: all}
spec:
  accessLogging:
  - providers: [{name: ${provider}}]
`;

const mesh = (service: string) => `apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    extensionProviders:
    - name: mine
      zipkin:
        service: ${service}
        port: 9411
`;

const collector = `apiVersion: v1
kind: Service
metadata: {name: zipkin, namespace: observe}
`;

function findings(...texts: string[]) {
  const { diagnostics } = readConfig(texts.map((text, index) => ({ path: `${index}.yaml`, text })));
  return diagnostics
    .filter(({ code }) => code === 'IST0101')
    .map(({ path, message, origin }) => `${origin.file}:${origin.line} ${path} ${message}`);
}

describe('a provider', () => {
  it('has to be one of MeshConfig, or one that Istio has', () => {
    expect(findings(telemetry('envoy'))).toEqual([]);
    expect(findings(telemetry('mine'), mesh('zipkin.observe.svc.cluster.local'), collector)).toEqual([]);
    expect(findings(telemetry('mine'))).toEqual([
      '0.yaml:6 spec.accessLogging[0].providers[0].name referenced provider "mine" not found',
    ]);
  });

  it('has to be at a service that there is', () => {
    const [found] = findings(mesh('observe/jaeger.observe.svc.cluster.local'), collector);
    expect(found).toContain(
      'data.mesh.extensionProviders[0].zipkin.service referenced service "observe/jaeger',
    );
  });
});
