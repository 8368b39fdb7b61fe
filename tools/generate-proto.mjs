/**
 * Generates the protobuf code under libs/common/src/proto/<bundle>/gen from Envoy's .proto tree (in the package
 * @grpc/grpc-js-xds) and our own. `--types` adds the TypeScript declarations, which only the type check needs.
 * Several bundles, because a process should load only what it speaks: an agent is not to pay for Envoy's API.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { validationRules } from './validation-rules.mjs';
import { NEWER_FIELDS, writeNewerFields } from './newer-fields.mjs';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const protoDir = join(root, 'libs/common/src/proto');
const deps = join(dirname(require.resolve('@grpc/grpc-js-xds/package.json')), 'deps');
const published = [
  join(protoDir, 'protos'),
  ...['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((dir) => join(deps, dir)),
];

/** Copies with {@link NEWER_FIELDS} come first. */
const newer = join(protoDir, 'envoy', 'gen', 'newer');
const includes = [newer, ...published];

const filters = 'envoy/extensions/filters';
const BUNDLES = {
  envoy: [
    'envoy/service/discovery/v3/discovery.proto',
    'envoy/config/listener/v3/listener.proto',
    'envoy/config/route/v3/route.proto',
    'envoy/config/cluster/v3/cluster.proto',
    'envoy/config/endpoint/v3/endpoint.proto',
    'envoy/config/bootstrap/v3/bootstrap.proto',
    'envoy/config/common/matcher/v3/matcher.proto',
    'envoy/extensions/access_loggers/file/v3/file.proto',
    'envoy/extensions/access_loggers/grpc/v3/als.proto',
    'envoy/extensions/access_loggers/stream/v3/stream.proto',
    'envoy/extensions/access_loggers/open_telemetry/v3/logs_service.proto',
    'envoy/extensions/access_loggers/filters/cel/v3/cel.proto',
    ...['zipkin', 'opentelemetry', 'datadog', 'skywalking'].map(
      (tracer) => `envoy/config/trace/v3/${tracer}.proto`,
    ),
    ...['environment', 'dynatrace', 'static_config'].map(
      (name) =>
        `envoy/extensions/tracers/opentelemetry/resource_detectors/v3/${name}_resource_detector.proto`,
    ),
    'envoy/extensions/tracers/opentelemetry/samplers/v3/dynatrace_sampler.proto',
    'envoy/extensions/formatter/req_without_query/v3/req_without_query.proto',
    'envoy/extensions/request_id/uuid/v3/uuid.proto',
    'envoy/extensions/http/header_formatters/preserve_case/v3/preserve_case.proto',
    `${filters}/listener/proxy_protocol/v3/proxy_protocol.proto`,
    'envoy/extensions/transport_sockets/tls/v3/tls.proto',
    'envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol.proto',
    'envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.proto',
    'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
    'envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.proto',
    'envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config.proto',
    'envoy/extensions/retry/host/omit_canary_hosts/v3/omit_canary_hosts.proto',
    `${filters}/listener/original_dst/v3/original_dst.proto`,
    `${filters}/listener/tls_inspector/v3/tls_inspector.proto`,
    `${filters}/listener/http_inspector/v3/http_inspector.proto`,
    `${filters}/network/http_connection_manager/v3/http_connection_manager.proto`,
    `${filters}/network/tcp_proxy/v3/tcp_proxy.proto`,
    `${filters}/network/mongo_proxy/v3/mongo_proxy.proto`,
    `${filters}/network/redis_proxy/v3/redis_proxy.proto`,
    `${filters}/network/set_filter_state/v3/set_filter_state.proto`,
    `${filters}/network/rbac/v3/rbac.proto`,
    `${filters}/network/sni_cluster/v3/sni_cluster.proto`,
    `${filters}/http/router/v3/router.proto`,
    `${filters}/http/fault/v3/fault.proto`,
    `${filters}/http/cors/v3/cors.proto`,
    `${filters}/http/ext_authz/v3/ext_authz.proto`,
    `${filters}/http/grpc_web/v3/grpc_web.proto`,
    `${filters}/http/grpc_stats/v3/config.proto`,
    `${filters}/http/rbac/v3/rbac.proto`,
    `${filters}/http/jwt_authn/v3/config.proto`,
    'google/rpc/status.proto',
  ],
  edge: [
    'envoy/service/auth/v3/external_auth.proto',
    'envoy/service/accesslog/v3/als.proto',
    'google/rpc/status.proto',
  ],
  sds: [
    'envoy/service/discovery/v3/discovery.proto',
    'envoy/extensions/transport_sockets/tls/v3/secret.proto',
    'google/rpc/status.proto',
  ],
  istio: [
    'istio/v1/auth/istioca.proto',
    'quartet/v1/token.proto',
    'quartet/v1/bootstrap.proto',
    'istio/mixer/v1/mixer.proto',
    'istio/mcp/v1alpha1/mcp.proto',
  ],
};

/**
 * The whole of Envoy's v3 API that has its imports in the package, for descriptor.json: what people may write into an
 * EnvoyFilter is any of it.
 */
function wholeApi() {
  const api = join(deps, 'envoy-api');
  const files = ['config', 'data', 'extensions', 'type'].flatMap((part) =>
    readdirSync(join(api, 'envoy', part), { recursive: true }).map((file) => `envoy/${part}/${file}`),
  );
  const known = new Map();
  const isComplete = (file) => {
    if (file.startsWith('google/protobuf/')) return true;
    if (!known.has(file)) {
      known.set(file, true);
      const folder = includes.find((dir) => existsSync(join(dir, file)));
      const imports = folder ? importsOf(join(folder, file)) : [];
      known.set(file, folder !== undefined && imports.every(isComplete));
    }
    return known.get(file);
  };
  const v3 = files.filter((file) => /\/v3(alpha)?\/.*\.proto$/.test(file) && isComplete(file));
  return [
    ...BUNDLES.envoy,
    ...v3.sort(),
    'udpa/type/v1/typed_struct.proto',
    'xds/type/v3/typed_struct.proto',
  ];
}

function importsOf(file) {
  const imports = readFileSync(file, 'utf8').matchAll(/^import (?:public )?"([^"]+)"/gm);
  return Array.from(imports, ([, name]) => name);
}

const OPTIONS =
  '--es6 --no-create --no-verify --no-convert --no-delimited --no-service --no-comments --force-number'.split(
    ' ',
  );

function isNewer(name) {
  return NEWER_FIELDS.some(({ file, message }) => {
    const scope = `${dirname(file).replaceAll('/', '.')}.`;
    return name.startsWith(scope) && `.${name}`.endsWith(`.${message}`);
  });
}

function fingerprint(bundle, types) {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  hash.update(JSON.stringify([bundle, types, NEWER_FIELDS]));
  hash.update(readFileSync(join(root, 'tools/validation-rules.mjs')));
  hash.update(readFileSync(require.resolve('@grpc/grpc-js-xds/package.json')));
  hash.update(readFileSync(require.resolve('protobufjs-cli/package.json')));
  const own = readdirSync(join(protoDir, 'protos'), { recursive: true }).filter((file) =>
    file.endsWith('.proto'),
  );
  for (const file of own.sort()) hash.update(readFileSync(join(protoDir, 'protos', file)));
  return hash.digest('hex');
}

async function pbjs(args) {
  const bin = join(dirname(require.resolve('protobufjs-cli/package.json')), 'bin', args[0]);
  await run(process.execPath, [bin, ...args.slice(1)], { maxBuffer: 1 << 28 });
}

async function generate(bundle, withTypes) {
  const out = join(protoDir, bundle, 'gen');
  mkdirSync(out, { recursive: true });
  const js = join(out, 'index.js');
  const paths = includes.flatMap((dir) => ['-p', dir]);
  await once(join(out, '.stamp-js'), fingerprint(bundle, false), js, async () => {
    const target = ['-t', 'static-module', '-w', 'es6', '-r', `quartet_${bundle}`, ...OPTIONS];
    await pbjs(['pbjs', ...target, ...paths, '-o', js, ...BUNDLES[bundle]]);
    if (bundle === 'envoy') {
      const json = join(out, 'descriptor.json');
      await pbjs(['pbjs', '-t', 'json', '--keep-case', ...paths, '-o', json, ...new Set(wholeApi())]);
      const rules = validationRules(JSON.parse(readFileSync(json, 'utf8')), isNewer);
      writeFileSync(join(out, 'rules.json'), JSON.stringify(rules));
    }
  });
  if (!withTypes) return;
  await once(join(out, '.stamp-types'), fingerprint(bundle, true), join(out, 'index.d.ts'), async () => {
    // pbts reads the comments of the verbose form, so the types come from a second, throw-away rendering.
    const verbose = join(out, 'verbose.tmp.js');
    const options = OPTIONS.filter((option) => option !== '--no-comments');
    const target = ['-t', 'static-module', '-w', 'es6', '-r', `quartet_${bundle}`, ...options];
    await pbjs(['pbjs', ...target, ...paths, '-o', verbose, ...BUNDLES[bundle]]);
    await pbjs(['pbts', '-o', join(out, 'index.d.ts'), verbose]);
    rmSync(verbose);
  });
}

async function once(stamp, print, artefact, action) {
  if (existsSync(artefact) && existsSync(stamp) && readFileSync(stamp, 'utf8') === print) return;
  await action();
  writeFileSync(stamp, print);
}

export async function generateProto({ types }) {
  writeNewerFields(published, newer);
  for (const bundle of Object.keys(BUNDLES)) await generate(bundle, types);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await generateProto({ types: process.argv.includes('--types') });
}
