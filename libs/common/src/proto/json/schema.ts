import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import '../setup.js';

let root: protobuf.Root | undefined;

/**
 * The messages of Envoy's API as data. Read on first use: 760 KB that only tools need, never a process that serves.
 */
export function messageType(name: string): protobuf.Type {
  root ??= protobuf.Root.fromJSON(
    JSON.parse(
      readFileSync(new URL('../envoy/gen/descriptor.json', import.meta.url), 'utf8'),
    ) as protobuf.INamespace,
  );
  return root.lookupType(name);
}

/** The message inside an Any: `type.googleapis.com/envoy.config.route.v3.Route`. */
export function typeOfUrl(url: string): protobuf.Type {
  return messageType(url.slice(url.lastIndexOf('/') + 1));
}
