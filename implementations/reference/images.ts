import { join } from 'node:path';
import { repositoryRoot } from '../../core/paths.ts';
import type { ImagesContext, ImplementationImage } from '../../harness/implementation.ts';
import { bundle } from '../../harness/images/bundle.ts';
import { controllerName, hubName } from './hub/names.ts';
import { ipamName, networkName } from './network/names.ts';
import { agentName, componentsImage, nodeProgram, serverName } from './names.ts';

export const bundlePath = (name: string): string => `/app/${name}.mjs`;

/** edgeproof's components: each one file, beside one Node. */
export async function componentImages({ signal }: ImagesContext): Promise<ImplementationImage[]> {
  const built = async (name: string, source: string): Promise<[string, string]> => [bundlePath(name), await bundle(join(repositoryRoot, 'components', source), { name, signal })];
  return [{
    tags: [componentsImage],
    tiers: ['cloud', 'edge'],
    node: true,
    files: Object.fromEntries([
      await built(serverName, 'tunnel/server/main.ts'),
      await built(agentName, 'tunnel/agent/main.ts'),
      await built(hubName, 'hub/main.ts'),
      await built(controllerName, 'hub/cloud/main.ts'),
      await built(ipamName, 'network/ipam/main.ts'),
      await built(networkName, 'network/main.ts'),
    ]),
    entrypoint: [nodeProgram],
  }];
}
