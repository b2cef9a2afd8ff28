import { hubFlags } from '../../../components/hub/node-flags.ts';
import { nodeProgram } from '../names.ts';
import { authorityFile, hubHealthPort, hubName, hubPort, programFolder } from './names.ts';

/** Where a node's hub is, for who measures it. */
export const hubPlace = {
  unit: `${hubName}.service`,
  root: programFolder,
  node: nodeProgram,
  flags: hubFlags,
  address: { host: '127.0.0.1', port: hubPort },
  authorityFile,
  metrics: `http://127.0.0.1:${hubHealthPort}/metrics`,
} as const;
