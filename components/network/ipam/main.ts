// The CNI plugin `edge-ipam`: the runtime's bridge plugin starts it for each call. Nothing is imported that a call does not need.
import { fs } from './builtin.ts';
import { call } from './plugin.ts';

const { ok, text } = call({
  environment: process.env,
  stdin: () => fs.readFileSync(0, 'utf8'),
  told: (what) => void fs.writeSync(2, `edge-ipam: ${what}\n`),
});
if (text !== '') fs.writeSync(1, `${text}\n`);
process.exitCode = ok ? 0 : 1;
