import { CannotTellError } from '../../core/errors.ts';
import { type Fault } from '../fault.ts';
import { type Target } from '../target.ts';
import { curlTimedOut, download, upload } from '../wan-timing.ts';
import { toxicsOf, wanToxic } from '../wan-toxic.ts';

/** Of a connection, each way. Of one that was there before, from the injection on. */
const limitBytes = 100_000;
const moreBytes = 2 * limitBytes;
/** What of a connection's bytes is no answer: the handshake, and a record of TLS (16 KB) that did not come whole. */
const aroundBytes = 32_000;

/** Every connection over the WAN ends in mid-stream when 100 KB have gone over it one way, as by a middlebox that is out of memory. */
export const wanCut = (target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> => wanToxic(target, toxicsOf('limit_data', { bytes: limitBytes }), async (ctx, site) => {
  const [down, up] = await Promise.all([download(ctx, site, moreBytes), upload(ctx, site, moreBytes)]);
  const answered = new Map(up.map((one) => [one.node, one]));
  return down.map(({ node, exit, bytes }) => {
    const sent = answered.get(node)!;
    if (exit === 0 || exit === curlTimedOut || bytes > limitBytes || bytes < limitBytes - aroundBytes) {
      throw new CannotTellError('FAULT_NOT_SEEN', `${node} got ${bytes} bytes of a large answer (curl ${exit}), and its connection was to end in mid-stream after ${limitBytes}`);
    }
    if (sent.status !== '000' || sent.exit === curlTimedOut) {
      throw new CannotTellError('FAULT_NOT_SEEN', `${node} posted ${moreBytes} bytes and got HTTP ${sent.status} (curl ${sent.exit}), and its connection was to end in mid-stream after ${limitBytes}`);
    }
    return `${node}: the connection ended after ${bytes} bytes of a large answer (curl ${exit}), and while it posted ${moreBytes} bytes (curl ${sent.exit})`;
  }).join('; ');
});
