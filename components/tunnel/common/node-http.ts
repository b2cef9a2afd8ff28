/**
 * `node:http` for components. Who imports that as an ES module has each of its exports read, also its WebSocket, for which Node loads a
 * whole client (undici) that nobody here uses: 5 MB of memory (docs/performance.md).
 */
export const { createServer, get, request, ServerResponse } = process.getBuiltinModule('node:http');
export type ServerResponse = import('node:http').ServerResponse;
