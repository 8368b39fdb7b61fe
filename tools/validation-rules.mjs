/**
 * Takes the rules of protoc-gen-validate out of descriptor.json: by message, its fields that have rules or lead to a
 * message that has. Compact, because Pilot reads it at its start; libs/common/src/proto/rules says what each part means.
 */
const RULES = '(validate.rules).';
/** Checked by who holds a rule on them, or opened (Any): they have no rules of their own. */
const WELL_KNOWN = /^google\.protobuf\./;

/** @param isNewer says of a message, by its full name, that Envoy has a newer form: its rules may be others, too */
export function validationRules(descriptor, isNewer) {
  const messages = new Map();
  const enums = new Map();
  collect(descriptor, [], messages, enums);
  const forget = ({ fields }) => ({
    fields: fields.map(([id, { rules: _, ...field }]) => [id, field]),
    oneofs: [],
  });
  const described = new Map(
    [...messages].map(([name, message]) => {
      const all = describe(name, message, messages, enums);
      return [name, isNewer(name) ? forget(all) : all];
    }),
  );
  const useful = withRules(described);
  const kept = [...described].filter(([name]) => useful.has(name));
  return Object.fromEntries(kept.map(([name, message]) => [name, trimmed(message, useful)]));
}

function collect(namespace, path, messages, enums) {
  for (const [name, member] of Object.entries(namespace.nested ?? {})) {
    const full = [...path, name];
    if (member.fields) messages.set(full.join('.'), member);
    if (member.values) enums.set(full.join('.'), member);
    collect(member, full, messages, enums);
  }
}

function describe(name, message, messages, enums) {
  const inOneof = new Set(Object.values(message.oneofs ?? {}).flatMap(({ oneof }) => oneof));
  const numbers = (fields) => fields.map((field) => message.fields[field].id);
  const required = Object.entries(message.oneofs ?? {}).filter(
    ([, { options }]) => options?.['(validate.required)'],
  );
  const fields = Object.entries(message.fields).map(([field, declared]) => {
    const { id, type, rule, keyType, options } = declared;
    const full = resolve(type, name.split('.'), messages, enums);
    const rules = rulesOf(options ?? {});
    const described = {
      name: field,
      type: messages.has(full) || WELL_KNOWN.test(full) ? 'message' : enums.has(full) ? 'enum' : type,
      ...((messages.has(full) || WELL_KNOWN.test(full)) && { message: full }),
      ...(enums.has(full) && rules && { values: Object.values(enums.get(full).values) }),
      ...((rule === 'repeated' || keyType) && { repeated: true }),
      ...(keyType && { keyType }),
      ...(inOneof.has(field) && { optional: true }),
      ...(rules && { rules }),
    };
    return [id, described];
  });
  return { fields, oneofs: required.map(([oneof, { oneof: members }]) => [oneof, numbers(members)]) };
}

/** As protoc does: from the innermost scope outwards. */
function resolve(type, scope, messages, enums) {
  for (let depth = scope.length; depth >= 0; depth--) {
    const full = [...scope.slice(0, depth), type.replace(/^\./, '')].join('.');
    if (messages.has(full) || enums.has(full)) return full;
  }
  return type;
}

/** `{ string: { min_len: 1 } }` of `(validate.rules).string.min_len`. */
function rulesOf(options) {
  const rules = {};
  for (const [option, value] of Object.entries(options)) {
    if (!option.startsWith(RULES)) continue;
    const path = option.slice(RULES.length).split('.');
    let at = rules;
    for (const part of path.slice(0, -1)) at = at[part] ??= {};
    at[path.at(-1)] = value;
  }
  return Object.keys(rules).length > 0 ? rules : undefined;
}

/** Messages with a rule in them, however deep. */
function withRules(described) {
  const useful = new Set();
  const isUseful = ({ fields, oneofs }) =>
    oneofs.length > 0 ||
    fields.some(
      ([, { rules, message }]) => rules || message === 'google.protobuf.Any' || useful.has(message),
    );
  for (let size = -1; size < useful.size;) {
    size = useful.size;
    for (const [name, message] of described)
      if (!WELL_KNOWN.test(name) && isUseful(message)) useful.add(name);
  }
  return useful;
}

function trimmed({ fields, oneofs }, useful) {
  const inOneof = new Set(oneofs.flatMap(([, numbers]) => numbers));
  const kept = fields.filter(
    ([id, { rules, message }]) =>
      rules || message === 'google.protobuf.Any' || useful.has(message) || inOneof.has(id),
  );
  return { fields: Object.fromEntries(kept), ...(oneofs.length > 0 && { oneofs }) };
}
