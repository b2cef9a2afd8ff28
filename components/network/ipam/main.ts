// The CNI plugin `edge-ipam`: the runtime's bridge plugin starts it for each call. Nothing is imported that a call does not need.
import { readFileSync, writeSync } from 'node:fs';
import { call } from './plugin.ts';

const { ok, text } = call({
  environment: process.env,
  stdin: () => readFileSync(0, 'utf8'),
  told: (what) => void process.stderr.write(`edge-ipam: ${what}\n`),
});
if (text !== '') writeSync(1, `${text}\n`);
process.exitCode = ok ? 0 : 1;
