import type { ValueType } from '#config';
import { Duration } from './duration.js';
import { IpAddress } from './ip-address.js';
import { parseTimestamp } from './timestamp.js';
import type { Value } from './values.js';

/**
 * One expression, what the checker and the evaluator have to make of it. `type` alone: the evaluator is not asked;
 * `invalid`: the checker's message; `fails`: the evaluator's.
 */
export interface ConformanceCase {
  readonly expression: string;
  readonly type?: ValueType;
  readonly invalid?: RegExp;
  readonly input?: Readonly<Record<string, Value>>;
  readonly result?: Value;
  readonly fails?: RegExp;
  readonly attributes?: readonly string[];
}

/** The attributes of the table, by type: `as` is a STRING, `adur` a DURATION. */
export const CONFORMANCE_TYPES: Readonly<Record<string, ValueType>> = {
  as: 'STRING',
  bs: 'STRING',
  'request.path': 'STRING',
  ai: 'INT64',
  bi: 'INT64',
  ad: 'DOUBLE',
  ab: 'BOOL',
  bb: 'BOOL',
  at: 'TIMESTAMP',
  adur: 'DURATION',
  aip: 'IP_ADDRESS',
  adns: 'DNS_NAME',
  amail: 'EMAIL_ADDRESS',
  auri: 'URI',
  ar: 'STRING_MAP',
  br: 'STRING_MAP',
  'request.headers': 'STRING_MAP',
};

const headers = new Map([['user-agent', 'curl/8']]);
const noon = parseTimestamp('2019-11-14T12:00:00Z') as Value;
const ip = (text: string) => IpAddress.parse(text) as Value;

const LITERALS: readonly ConformanceCase[] = [
  { expression: '2', type: 'INT64', result: 2, attributes: [] },
  { expression: '0x10', type: 'INT64', result: 16 },
  { expression: '010', type: 'INT64', result: 8 },
  { expression: '1_000', type: 'INT64', result: 1000 },
  { expression: '9223372036854775808', invalid: /out of range/ },
  { expression: '1.5', type: 'DOUBLE', result: 1.5 },
  { expression: '.5e1', type: 'DOUBLE', result: 5 },
  { expression: 'true', type: 'BOOL', result: true },
  { expression: 'TRUE', type: 'BOOL', result: true },
  { expression: 'False', type: 'BOOL', result: false },
  { expression: '"a\\tb\\x41\\u00e9\\101"', type: 'STRING', result: 'a\tbAéA' },
  { expression: '`a\\t`', type: 'STRING', result: 'a\\t' },
  { expression: "'x'", type: 'STRING', result: 'x' },
  { expression: "'xy'", invalid: /exactly one character/ },
  { expression: '"open', invalid: /not terminated/ },
  { expression: '"\\q"', invalid: /unknown escape/ },
  { expression: '"20ms"', type: 'DURATION', result: new Duration(20e6) },
  { expression: '"1h30m"', type: 'DURATION', result: new Duration(5400e9) },
  { expression: '"-1.5s"', type: 'DURATION', result: new Duration(-1.5e9) },
  { expression: '"0"', type: 'DURATION', result: new Duration(0) },
  { expression: '"20 ms"', type: 'STRING', result: '20 ms' },
];

const COMPARISONS: readonly ConformanceCase[] = [
  { expression: 'as == "x"', type: 'BOOL', input: { as: 'x' }, result: true, attributes: ['as'] },
  { expression: 'as != "x"', type: 'BOOL', input: { as: 'x' }, result: false },
  { expression: 'as == "x"', type: 'BOOL', input: {}, fails: /lookup failed: 'as'/ },
  { expression: 'as == 2', invalid: /EQ expects STRING, found INT64/ },
  { expression: 'as == "20ms"', invalid: /EQ expects STRING, found DURATION/ },
  { expression: 'ai == 2', type: 'BOOL', input: { ai: 2 }, result: true },
  { expression: 'ab == true', type: 'BOOL', input: { ab: true }, result: true },
  { expression: 'ai < 2', type: 'BOOL', input: { ai: 2 }, result: false },
  { expression: 'ai <= 2', type: 'BOOL', input: { ai: 2 }, result: true },
  { expression: 'ad > 1.5', type: 'BOOL', input: { ad: 2 }, result: true },
  { expression: 'as >= "b"', type: 'BOOL', input: { as: 'a' }, result: false },
  { expression: 'ab < true', invalid: /LT is not defined for BOOL/ },
  { expression: 'ar == br', invalid: /EQ is not defined for STRING_MAP/ },
  { expression: 'adur == "1s"', type: 'BOOL', input: { adur: new Duration(1e9) }, result: true },
  { expression: 'adur > "20ms"', type: 'BOOL', input: { adur: new Duration(1e9) }, result: true },
  { expression: 'at == timestamp("2019-11-14T12:00:00Z")', type: 'BOOL', input: { at: noon }, result: true },
  { expression: 'at < timestamp("2019-11-14T12:00:00.5Z")', type: 'BOOL', input: { at: noon }, result: true },
  {
    expression: 'at == timestamp("2019-11-14T13:00:00+01:00")',
    type: 'BOOL',
    input: { at: noon },
    result: true,
  },
  { expression: 'aip == ip("10.0.0.1")', type: 'BOOL', input: { aip: ip('::ffff:10.0.0.1') }, result: true },
  {
    expression: 'aip == ip("2001:db8::1")',
    type: 'BOOL',
    input: { aip: ip('2001:DB8:0:0::1') },
    result: true,
  },
  {
    expression: 'adns == dnsName("BÜCHER.example.")',
    type: 'BOOL',
    input: { adns: 'xn--bcher-kva.example' },
    result: true,
  },
  {
    expression: 'amail == email("a@Example.COM")',
    type: 'BOOL',
    input: { amail: 'a@example.com' },
    result: true,
  },
  {
    expression: 'amail == email("A@example.com")',
    type: 'BOOL',
    input: { amail: 'a@example.com' },
    result: false,
  },
  {
    expression: 'auri == uri("HTTP://Host/Path")',
    type: 'BOOL',
    input: { auri: 'http://host/Path' },
    result: true,
  },
  {
    expression: 'auri == uri("http://host/path")',
    type: 'BOOL',
    input: { auri: 'http://host/Path' },
    result: false,
  },
];

const LOGIC: readonly ConformanceCase[] = [
  { expression: 'ab && bb', type: 'BOOL', input: { ab: false }, result: false, attributes: ['ab', 'bb'] },
  { expression: 'ab || bb', type: 'BOOL', input: { ab: true }, result: true },
  { expression: 'ab || bb', type: 'BOOL', input: { bb: true }, fails: /lookup failed: 'ab'/ },
  { expression: 'ab && as', invalid: /LAND expects BOOL, found STRING/ },
  { expression: 'ab || bb && false', type: 'BOOL', input: { ab: false, bb: true }, result: false },
  { expression: 'ai == 1 || ai == 2 && ab', type: 'BOOL', input: { ai: 2, ab: true }, result: true },
  { expression: '!ab', invalid: /unknown function NOT/ },
  { expression: '-ai', invalid: /unknown function SUB/ },
  { expression: '+ai', invalid: /unknown function ADD/ },
  { expression: 'ai * 2', invalid: /unknown function MUL/ },
];

const FALL_THROUGH: readonly ConformanceCase[] = [
  { expression: 'as | "x"', type: 'STRING', input: {}, result: 'x' },
  { expression: 'as | "x"', type: 'STRING', input: { as: '' }, result: '' },
  { expression: 'as | bs | "x"', type: 'STRING', input: { bs: 'b' }, result: 'b', attributes: ['as', 'bs'] },
  { expression: '(as | bs) | "x"', type: 'STRING', input: {}, result: 'x' },
  { expression: 'as | bs', type: 'STRING', input: {}, fails: /lookup failed: 'bs'/ },
  { expression: 'ai | "x"', invalid: /OR expects INT64, found STRING/ },
  { expression: 'adur | "0ms"', type: 'DURATION', input: {}, result: new Duration(0) },
  { expression: 'as | "0s"', invalid: /OR expects STRING, found DURATION/ },
  {
    expression: 'ar["x"] | "y"',
    type: 'STRING',
    input: { ar: new Map() },
    result: 'y',
    attributes: ['ar[x]'],
  },
  { expression: 'ar["x"] | "y"', type: 'STRING', input: {}, result: 'y' },
  { expression: 'ar[as] | "y"', type: 'STRING', input: { ar: new Map() }, result: 'y' },
  { expression: 'toLower(as) | "y"', type: 'STRING', input: {}, fails: /lookup failed: 'as'/ },
  { expression: '(as + bs) | "y"', type: 'STRING', input: { as: 'a' }, fails: /lookup failed: 'bs'/ },
  { expression: 'as | "x" == "x"', type: 'BOOL', input: {}, result: true },
];

const MAPS: readonly ConformanceCase[] = [
  {
    expression: 'request.headers["user-agent"]',
    type: 'STRING',
    input: { 'request.headers': headers },
    result: 'curl/8',
    attributes: ['request.headers[user-agent]'],
  },
  {
    expression: 'request.headers["x"]',
    type: 'STRING',
    input: { 'request.headers': headers },
    fails: /member lookup/,
  },
  {
    expression: 'request.headers["constructor"] | "-"',
    type: 'STRING',
    input: { 'request.headers': headers },
    result: '-',
  },
  { expression: 'as["x"]', invalid: /INDEX expects STRING_MAP, found STRING/ },
  { expression: 'ar[2]', invalid: /INDEX expects STRING, found INT64/ },
  { expression: 'emptyStringMap()["x"] | "-"', type: 'STRING', result: '-' },
  { expression: 'ar | emptyStringMap()', type: 'STRING_MAP' },
];

const CALLS: readonly ConformanceCase[] = [
  { expression: 'as + "b"', type: 'STRING', input: { as: 'a' }, result: 'ab' },
  { expression: 'ai + 1', type: 'INT64', input: { ai: 1 }, result: 2 },
  { expression: 'ab + ab', invalid: /ADD is not defined for BOOL/ },
  { expression: 'match(as, "kube-*")', type: 'BOOL', input: { as: 'kube-probe' }, result: true },
  { expression: 'match(as, "*.svc")', type: 'BOOL', input: { as: 'a.svc' }, result: true },
  { expression: 'match(as, "a*b")', type: 'BOOL', input: { as: 'axb' }, result: false },
  {
    expression: '"^/v[0-9]+/".matches(request.path)',
    type: 'BOOL',
    input: { 'request.path': '/v1/x' },
    result: true,
  },
  { expression: '"b+".matches("abba")', type: 'BOOL', result: true },
  { expression: '"(".matches(as)', invalid: /no RE2 expression/ },
  { expression: 'as.matches(bs)', type: 'BOOL', input: { as: '(', bs: 'x' }, fails: /no RE2 expression/ },
  { expression: 'as.startsWith("a")', type: 'BOOL', input: { as: 'ab' }, result: true, attributes: ['as'] },
  {
    expression: 'request.path.endsWith(".css")',
    type: 'BOOL',
    input: { 'request.path': '/a.css' },
    result: true,
  },
  {
    expression: 'request.headers["a"].startsWith("b")',
    type: 'BOOL',
    input: { 'request.headers': headers },
    fails: /member/,
  },
  { expression: 'startsWith("a", "b")', invalid: /startsWith is called on a STRING/ },
  { expression: 'as.match("a", "b")', invalid: /match is not called on a value/ },
  { expression: 'conditional(ab, 1, 2)', type: 'INT64', input: { ab: true }, result: 1 },
  { expression: 'conditional(ab, 1, "x")', invalid: /conditional expects INT64, found STRING/ },
  { expression: 'conditional(true, "a", as)', type: 'STRING', input: {}, fails: /lookup failed: 'as'/ },
  { expression: 'conditionalString(ab, "a", "b")', type: 'STRING', input: { ab: false }, result: 'b' },
  { expression: 'toLower("ABC")', type: 'STRING', result: 'abc' },
  { expression: 'size("é")', type: 'INT64', result: 2 },
  { expression: 'size(ar)', invalid: /size expects STRING, found STRING_MAP/ },
  { expression: 'ip("10.0.0.1")', type: 'IP_ADDRESS', result: ip('10.0.0.1') },
  { expression: 'ip("10.0.0.256")', invalid: /is not an IP address/ },
  { expression: 'ip(as)', type: 'IP_ADDRESS', input: { as: 'x' }, fails: /is not an IP address/ },
  { expression: 'timestamp("2019-02-30T00:00:00Z")', invalid: /is not an RFC 3339 time/ },
  { expression: 'toLower()', invalid: /takes 1 arguments, found 0/ },
  { expression: 'toLower("A", ai)', type: 'STRING', result: 'a' },
  { expression: 'nope(1)', invalid: /unknown function nope/ },
];

const SYNTAX: readonly ConformanceCase[] = [
  { expression: '', invalid: /unexpected the end/ },
  { expression: 'as ==', invalid: /unexpected the end/ },
  { expression: '(as', invalid: /expected '\)', found the end/ },
  { expression: 'as bs', invalid: /unexpected 'bs'/ },
  { expression: 'as ? bs : "x"', invalid: /illegal character/ },
  { expression: 'unknown.attribute == "x"', invalid: /unknown attribute unknown.attribute/ },
  { expression: 'ar["x"].foo', invalid: /unexpected selector .foo/ },
  { expression: '"x"("y")', invalid: /only a name can be called/ },
  { expression: '  as\n  ==\t"x"  ', type: 'BOOL', input: { as: 'x' }, result: true },
];

export const CONFORMANCE: readonly ConformanceCase[] = [
  ...LITERALS,
  ...COMPARISONS,
  ...LOGIC,
  ...FALL_THROUGH,
  ...MAPS,
  ...CALLS,
  ...SYNTAX,
];
