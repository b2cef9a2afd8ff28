/**
 * Modules of Node, as they are. An `import` of one reads all of its exports, for which Node loads what nobody here uses: 5 ms of each call of
 * the plugin for `node:fs` alone (its streams and promises).
 */
export const fs = process.getBuiltinModule('node:fs');
export const path = process.getBuiltinModule('node:path');
export const sqlite = process.getBuiltinModule('node:sqlite');
