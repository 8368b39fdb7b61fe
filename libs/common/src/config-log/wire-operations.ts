import type { Origin } from '#config';
import type { Operation } from './types.js';
import { Fields, WireError } from './wire-fields.js';

/** @throws WireError */
export function decodeOperations(list: readonly unknown[]): Operation[] {
  return list.map((item) => decodeOperation(new Fields(item)));
}

function decodeOperation(fields: Fields): Operation {
  const op = fields.text('op');
  const key = fields.text('key');
  switch (op) {
    case 'put':
      return { op, key, content: fields.text('content'), origin: decodeOrigin(fields.object('origin')) };
    case 'origin':
      return { op, key, origin: decodeOrigin(fields.object('origin')) };
    case 'delete':
      return { op, key };
    default:
      throw new WireError(`unknown operation ${JSON.stringify(op.slice(0, 50))}`);
  }
}

function decodeOrigin(fields: Fields): Origin {
  const origin = { file: fields.text('file'), line: fields.count('line') };
  return fields.has('resourceVersion')
    ? { ...origin, resourceVersion: fields.text('resourceVersion') }
    : origin;
}
