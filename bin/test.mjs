#!/usr/bin/env node
// `npm test [-- PART-OF-A-PATH…]`: sets up what is missing, then type check and unit tests.
var node = process.versions.node;
if (Number(node.split('.')[0]) < 20) {
  console.error('edgeproof needs Node 20 or newer to start, and this is Node ' + node + '. Install one (https://nodejs.org) and run the command again.');
  process.exit(254);
}
import('./launch.mjs').then(function (launch) {
  return launch.main('bin/run-tests.mjs', process.argv.slice(2));
});
