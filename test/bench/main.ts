/**
 * `npm run bench [-- --proxies 100,300 --services 1000 --edits 30 --json FILE --check --write-baseline]`: how long an
 * edit takes to reach the proxies and what it costs Pilot.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FlagError, flag, parseFlags } from '#common/flags';
import { packageRoot } from '#common/binaries';
import { stopAll, removeTempDirs } from '#common/testing';
import { compare, type Baseline } from './baseline.js';
import { calibrate } from './calibration.js';
import { benchEdits, type ConnectRow, type EditRow } from './edit.js';
import { connectTable, editTable } from './table.js';

const FLAGS = {
  proxies: flag.list('numbers of simulated proxies', '100'),
  services: flag.text('services, each with a VirtualService', '1000'),
  edits: flag.text('edits of each kind', '30'),
  json: flag.optional('file for the figures as JSON'),
  check: flag.toggle('compare with the stored baseline and fail where a figure is far above it'),
  writeBaseline: flag.toggle('store these figures as the baseline'),
};

const baselineFile = join(packageRoot(), 'test/bench/baseline.json');

try {
  process.exitCode = await main();
} catch (error) {
  const text = error instanceof FlagError ? error.problems.join('\n') : String((error as Error).stack);
  process.stderr.write(`bench: ${text}\n`);
  process.exitCode = error instanceof FlagError ? 2 : 1;
} finally {
  await stopAll();
  removeTempDirs();
}

async function main(): Promise<number> {
  const options = parseFlags(FLAGS, process.argv.slice(2), {});
  const calibration = calibrate();
  const connects: ConnectRow[] = [];
  const edits: EditRow[] = [];
  for (const proxies of options.proxies) {
    const bench = {
      services: Number(options.services),
      edits: Number(options.edits),
      proxies: Number(proxies),
    };
    const { connect, rows } = await benchEdits(bench);
    connects.push(connect);
    edits.push(...rows);
  }
  const units = (calibration + calibrate()) / 2;
  process.stdout.write(
    `${editTable(edits)}\n${connectTable(connects)}\ncalibration: ${units.toFixed(1)} ms\n`,
  );
  const result: Baseline = { calibration: units, edits, connects };
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
  if (options.writeBaseline) writeFileSync(baselineFile, `${JSON.stringify(result, null, 2)}\n`);
  return options.check ? check(result) : 0;
}

function check(result: Baseline): number {
  const problems = compare(result, JSON.parse(readFileSync(baselineFile, 'utf8')) as Baseline);
  for (const problem of problems) process.stderr.write(`bench: ${problem}\n`);
  return problems.length > 0 ? 1 : 0;
}
