import type { Enforcer, EnforcementRow } from './rows.js';

const WORDS: Readonly<Record<Enforcer, string>> = {
  caller: "the caller's proxy",
  callee: "the callee's proxy",
  gateway: 'the gateway',
  sender: 'whoever sends it on: caller or gateway',
  bound: 'caller or gateway, as bound',
  context: 'as its context says',
  mode: 'as its mode says',
  mixer: 'Mixer',
  pilot: 'Pilot',
};

const HEAD = `# Caller or callee

Which proxy enforces a rule. Made from libs/config/src/enforcement/rows.ts by \`npm run goldens\`; each row is proven by a
test of the same name in test/envoy/enforcement, which looks at the proxy that acted. \`quartet describe -f FILE\` prints the
rows of given resources.

What only the caller's proxy enforces holds for callers that are in the mesh and use their proxy. It routes and protects
well-meaning clients; it is no fence against others. What the callee's proxy or a gateway enforces, nobody gets round.
`;

/** docs/enforcement.md. */
export function enforcementPage(rows: readonly EnforcementRow[]): string {
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  return [HEAD, ...kinds.map((kind) => section(kind, rows))].join('\n');
}

function section(kind: string, rows: readonly EnforcementRow[]): string {
  const lines = rows
    .filter((row) => row.kind === kind)
    .map(({ id, fields, rule, by, note = '' }) => {
      const paths = fields.map((field) => `\`${field}\``).join(', ');
      return `| ${id} | ${paths} | ${rule} | ${by.map((each) => WORDS[each]).join('; ')} | ${note} |`;
    });
  const head = ['| row | fields | what it decides | who enforces it | mind |', '|---|---|---|---|---|'];
  return `## ${kind}\n\n${[...head, ...lines].join('\n')}\n`;
}
