import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Alias, Node, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { CodeName } from '../codes.js';
import { MAX_NODES, MAX_PROBLEMS } from './limits.js';
import type { YamlProblem } from './yaml-problem.js';

/** A value and how many values it holds once its aliases are written out. */
interface Counted {
  readonly value: unknown;
  readonly size: number;
}

class ConversionStopped extends Error {}

/**
 * YAML nodes as plain JSON values. An alias yields the value that its anchor names, shared; what it would cost
 * written out is counted against a budget, so that an alias bomb ends early. `__proto__` as a key, keys that stand
 * twice, unknown tags and numbers that JSON cannot say are problems.
 */
export function convert(
  root: Node | null,
  lineAt: (offset: number) => number,
): { value: unknown; problems: readonly YamlProblem[] } {
  const conversion = new Conversion(lineAt);
  try {
    return { value: conversion.any(root).value, problems: conversion.problems };
  } catch (error) {
    if (!(error instanceof ConversionStopped)) throw error;
    return { value: undefined, problems: conversion.problems };
  }
}

class Conversion {
  readonly problems: YamlProblem[] = [];
  private readonly anchors = new Map<string, Counted | 'open'>();
  private total = 0;

  constructor(private readonly lineAt: (offset: number) => number) {}

  any(node: unknown): Counted {
    if (isAlias(node)) return this.alias(node);
    if (isMap(node)) return this.anchored(node, () => this.map(node));
    if (isSeq(node)) return this.anchored(node, () => this.list(node));
    if (isScalar(node)) return this.anchored(node, () => this.scalar(node));
    return this.counted(null, 1);
  }

  private anchored(node: YAMLMap | YAMLSeq | Scalar, read: () => Counted): Counted {
    if (node.tag && !node.tag.startsWith('tag:yaml.org,2002:'))
      this.problem(node, 'syntax', `unknown tag ${node.tag}`);
    if (!node.anchor) return read();
    this.anchors.set(node.anchor, 'open');
    const result = read();
    this.anchors.set(node.anchor, result);
    return result;
  }

  private alias(node: Alias): Counted {
    const target = this.anchors.get(node.source);
    if (target === undefined || target === 'open') {
      const reason = target ? 'stands inside the value that it names' : 'has no anchor before it';
      this.problem(node, 'syntax', `alias *${node.source} ${reason}`);
      return this.counted(null, 1);
    }
    return this.counted(target.value, target.size, node);
  }

  private map(node: YAMLMap): Counted {
    const value: Record<string, unknown> = {};
    const seen = new Set<string>();
    let size = 1;
    for (const pair of node.items) {
      const key = this.key(pair.key, seen);
      const member = this.any(pair.value);
      size += member.size;
      if (key !== undefined) value[key] = member.value;
    }
    this.total += 1;
    return { value, size };
  }

  private key(node: unknown, seen: Set<string>): string | undefined {
    const key = isScalar(node) ? scalarText(node) : undefined;
    if (key === undefined) return this.problem(node, 'syntax', 'a key has to be a text');
    if (key === '__proto__') return this.problem(node, 'syntax', 'the key __proto__ is refused');
    if (seen.has(key)) return this.problem(node, 'syntax', `the key ${JSON.stringify(key)} stands twice`);
    seen.add(key);
    return key;
  }

  private list(node: YAMLSeq): Counted {
    let size = 1;
    const value = node.items.map((item) => {
      const member = this.any(item);
      size += member.size;
      return member.value;
    });
    this.total += 1;
    return { value, size };
  }

  private scalar(node: Scalar): Counted {
    const { value } = node;
    if (typeof value === 'number' && !Number.isFinite(value)) {
      this.problem(node, 'syntax', `${node.source ?? String(value)} is no finite number`);
    }
    return this.counted(value ?? null, 1);
  }

  private counted(value: unknown, size: number, node?: Node): Counted {
    this.total += size;
    if (this.total > MAX_NODES) {
      this.problem(node, 'limit', `more than ${MAX_NODES} values, aliases written out`);
      throw new ConversionStopped();
    }
    return { value, size };
  }

  private problem(node: unknown, code: CodeName, message: string): undefined {
    const offset = (node as Node | undefined)?.range?.[0] ?? 0;
    this.problems.push({ code, message, line: this.lineAt(offset) });
    if (this.problems.length >= MAX_PROBLEMS) throw new ConversionStopped();
    return undefined;
  }
}

/** The text of a scalar key as it was written: `9080` and `true` are names as well. */
export function scalarText(node: Scalar): string | undefined {
  if (typeof node.value === 'string') return node.value;
  return node.value === null || node.value === undefined ? undefined : node.source;
}
