import { expect, it } from '@jest/globals';
import type { JsonObject } from './json.js';
import { patched } from './merge.js';

const BOOTSTRAP: JsonObject = {
  stats_config: { use_all_default_tags: true, stats_tags: [{ tag_name: 'a' }] },
  node: { metadata: { LABELS: { app: 'a' } } },
  tracing: { http: { typed_config: { '@type': 'one', a: 1 } } },
};
const patch = (value: JsonObject, replacesLists = false) => ({ value, replacesLists, source: 's' });

it('merges messages member by member, appends lists, and takes typed messages whole', () => {
  const made = patched(BOOTSTRAP, [
    patch({ stats_config: { use_all_default_tags: false, stats_tags: [{ tag_name: 'b' }] } }),
    patch({ stats_flush_interval: '5s', tracing: { http: { typed_config: { '@type': 'two', b: 2 } } } }),
  ]);
  expect(made).toEqual({
    stats_config: { use_all_default_tags: false, stats_tags: [{ tag_name: 'a' }, { tag_name: 'b' }] },
    stats_flush_interval: '5s',
    node: { metadata: { LABELS: { app: 'a' } } },
    tracing: { http: { typed_config: { '@type': 'two', b: 2 } } },
  });
});

it('replaces lists where that is said, and leaves what it is given as it was', () => {
  const before = JSON.stringify(BOOTSTRAP);
  const made = patched(BOOTSTRAP, [patch({ stats_config: { stats_tags: [] } }, true)]);
  expect(made['stats_config']).toEqual({ use_all_default_tags: true, stats_tags: [] });
  expect(JSON.stringify(BOOTSTRAP)).toBe(before);
});
