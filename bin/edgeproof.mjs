#!/usr/bin/env node
// The entry for whatever Node the machine has: it must parse, and say what is missing, on old ones too. What
// needs Node 20 is imported only after the check.
var node = process.versions.node;
if (Number(node.split('.')[0]) < 20) {
  console.error('edgeproof needs Node 20 or newer to start, and this is Node ' + node + '. Install one (https://nodejs.org) and run the command again.');
  process.exit(254);
}
import('./launch.mjs').then(function (launch) {
  return launch.main('cli/main.ts', process.argv.slice(2));
});
