import { ProgressPrinter } from './progress-printer.ts';

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
    const printer = new ProgressPrinter({ write, control: process.env['EDGEPROOF_MODE'] === 'control', ...(columns !== undefined && { terminalColumns: columns }) });
    on('message', (message) => printer.message(message));
    const ticking = columns === undefined ? undefined : setInterval(() => printer.tick(), 1000);
    ticking?.unref();
    return () => clearInterval(ticking);
  },
};
