import { CannotTellError } from '../../core/errors.ts';
import { type Fault } from '../fault.ts';
import type { ParametersOf } from '../fault-parameters.ts';
import { type Target } from '../target.ts';
import { curlTimedOut, download, upload } from '../wan-timing.ts';
import { toxicsOf, wanToxic } from '../wan-toxic.ts';

/** What of a connection's bytes is no answer: the handshake, and a record of TLS (16 KB) that did not come whole. */
const aroundBytes = 32_000;

/**
 * Every connection over the WAN ends in mid-stream when so much has gone over it one way, as by a middlebox that is out of memory. Of one that was there before,
 * what goes from the injection on counts.
 */
export const wanCut = (target: Target, { limitKilobytes }: ParametersOf<'wan-cut'>): Pick<Fault, 'inject' | 'verify' | 'heal'> => wanToxic(target, toxicsOf('limit_data', { bytes: limitKilobytes * 1000 }), async (ctx, site) => {
  const limitBytes = limitKilobytes * 1000;
  const moreBytes = 2 * limitBytes;
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
