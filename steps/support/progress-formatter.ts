import { readFileSync } from 'node:fs';
import { ProgressPrinter } from './progress-printer.ts';
import type { EarlierTimes } from './time-left.ts';

interface Context {
  on(key: 'message', handler: (message: never) => void): void;
  write(text: string): void;
  stream: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
}

/** Cucumber formatter: see ProgressPrinter. `EDGEPROOF_MODE=control` makes it expect the failures that tags name. */
export default {
  type: 'formatter',
  formatter({ on, write, stream }: Context): () => void {
    const columns = stream.isTTY === true ? (stream.columns ?? 80) : undefined;
    const printer = new ProgressPrinter({ write, ...earlier(), control: process.env['EDGEPROOF_MODE'] === 'control', ...(columns !== undefined && { terminalColumns: columns }) });
    on('message', (message) => printer.message(message));
    const ticking = columns === undefined ? undefined : setInterval(() => printer.tick(), 1000);
    ticking?.unref();
    return () => clearInterval(ticking);
  },
};

function earlier(): { earlier?: EarlierTimes } {
  const file = process.env['EDGEPROOF_EARLIER_TIMES'];
  return file === undefined || file === '' ? {} : { earlier: JSON.parse(readFileSync(file, 'utf8')) as EarlierTimes };
}
