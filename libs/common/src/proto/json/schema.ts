import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type protobuf from 'protobufjs';
import '../setup.js';

const require = createRequire(import.meta.url);
let library: typeof protobuf | undefined;
let root: protobuf.Root | undefined;

/** protobufjs with reflection. Loaded on first use: most processes never need it. */
export function reflection(): typeof protobuf {
  return (library ??= require('protobufjs') as typeof protobuf);
}

/**
 * A message of Envoy's API as data; undefined for one that there is not. The API is read on first use: 1.4 MB and some
 * 130 ms that only tools need, and who has EnvoyFilters.
 */
export function findMessageType(name: string): protobuf.Type | undefined {
  root ??= reflection().Root.fromJSON(
    JSON.parse(
      readFileSync(new URL('../envoy/gen/descriptor.json', import.meta.url), 'utf8'),
    ) as protobuf.INamespace,
  );
  const found = root.lookup(name);
  return found instanceof reflection().Type ? found : undefined;
}

/** Throws a RangeError for a message that there is not. */
export function messageType(name: string): protobuf.Type {
  const type = findMessageType(name);
  if (!type) throw new RangeError(`Envoy's API has no message ${name}`);
  return type;
}

/** `envoy.config.route.v3.Route` of `type.googleapis.com/envoy.config.route.v3.Route`. */
export function typeNameOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

/** The message inside an Any. */
export function typeOfUrl(url: string): protobuf.Type {
  return messageType(typeNameOf(url));
}
