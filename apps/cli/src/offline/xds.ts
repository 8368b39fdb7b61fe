import { translate } from '#app/pilot';
import { readConfig } from '#config';
import { readConfigFiles } from './files.js';
import { formatDiagnostic } from './validate.js';

export interface XdsOptions {
  readonly filename: readonly string[];
  /** The node id. */
  readonly proxy: string;
  /** Node metadata, JSON. */
  readonly metadata?: string;
  /** `HOST:PORT`; without it the proxy is told of no Mixer. */
  readonly mixer?: string;
}

/**
 * Prints what a proxy would get from these files; mistakes in them go to stderr and lose only what they spoil. Exit
 * code 1 where there was an error in the files, 2 where the proxy makes no sense.
 */
export async function printXds(options: XdsOptions): Promise<number> {
  const { resources, diagnostics } = readConfig(await readConfigFiles(options.filename));
  const errors = diagnostics.filter((diagnostic) => diagnostic.level === 'Error');
  for (const diagnostic of errors) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
  const result = translate({
    resources: [...resources.values()].map(({ resource }) => resource),
    proxyNodeId: options.proxy,
    metadata: parseMetadata(options.metadata),
    environment: options.mixer === undefined ? {} : { mixer: options.mixer },
  });
  if (!result.ok) {
    process.stderr.write(`quartet xds: ${result.error}\n`);
    return 2;
  }
  process.stdout.write(`${JSON.stringify(result.translation, null, 2)}\n`);
  return errors.length > 0 ? 1 : 0;
}

function parseMetadata(text = '{}'): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Falls through to the message for the user.
  }
  throw new Error(`--metadata is not a JSON object: ${text}`);
}
