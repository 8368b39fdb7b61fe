import type { MeshConfig } from '#config';
import { MESH_CONFIG_KEY } from '#config';
import type { Fact } from '../../model/contract.js';
import type { Mesh } from '../../model/mesh.js';
import { meshWithDefaults } from '../../model/mesh.js';
import { changedSettings } from '../../model/mesh-settings.js';
import { fact } from '../facts.js';
import type { Edit, Index } from './edit.js';

/** The one MeshConfig there is. */
export class MeshIndex implements Index<MeshConfig> {
  private constructor(
    readonly mesh: Mesh,
    private readonly defaults: MeshConfig,
  ) {}

  /** @param trustDomain the one that counts where the config states none */
  static withTrustDomain(trustDomain?: string): MeshIndex {
    const defaults: MeshConfig = trustDomain ? { trustDomain } : {};
    return new MeshIndex(meshWithDefaults(defaults, []), defaults);
  }

  apply(edits: readonly Edit<MeshConfig>[], touched: Set<Fact>): MeshIndex {
    const edit = edits.findLast(({ before, after }) => (after ?? before)?.key === MESH_CONFIG_KEY);
    if (!edit) return this;
    const mesh = meshWithDefaults(
      { ...this.defaults, ...edit.after?.spec },
      edit.after ? [edit.after.key] : [],
    );
    for (const settings of changedSettings(this.mesh, mesh)) touched.add(fact.mesh(settings));
    return new MeshIndex(mesh, this.defaults);
  }
}
