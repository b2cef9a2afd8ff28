import { appendFileSync, writeFileSync } from 'node:fs';
import { formatDuration } from '../../core/duration.ts';
import { castHeader, castLine } from './cast.ts';
import { Narrator } from './narrator.ts';
import { colourStyle, plainStyle } from './style.ts';

interface Context {
  on(key: 'message', handler: (message: never) => void): void;
  write(text: string): void;
  stream: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
}

const columns = 100;
const reset = '\r\u001b[K';

/**
 * Cucumber formatter of `edgeproof demo`: see Narrator. On a terminal it is coloured, and its last line says what runs now. `EDGEPROOF_RECORD` names a
 * file for the same as a terminal would have it, with its times.
 */
export default {
  type: 'formatter',
  formatter({ on, write, stream }: Context): () => void {
    const terminal = stream.isTTY === true && !process.env['NO_COLOR'];
    const width = Math.min(columns, stream.isTTY === true ? (stream.columns ?? columns) : columns);
    const narrator = new Narrator({ columns: width, style: terminal ? colourStyle : plainStyle, line: (text) => write(`${stream.isTTY === true ? reset : ''}${text}\n`) });
    const record = process.env['EDGEPROOF_RECORD'];
    const narrators = [narrator, ...(record === undefined ? [] : [recorder(record)])];
    on('message', (message) => { for (const one of narrators) one.message(message); });
    const tick = (): void => {
      if (narrator.now === undefined) return;
      const text = `${' '.repeat(10)}… ${narrator.now.what} (${formatDuration(Date.now() - narrator.now.since, 's')})`;
      write(`${reset}${text.length < width ? text : `${text.slice(0, width - 2)}…`}`);
    };
    const ticking = stream.isTTY === true ? setInterval(tick, 1000) : undefined;
    ticking?.unref();
    return () => {
      clearInterval(ticking);
      if (stream.isTTY === true) write(reset);
    };
  },
};

/** Writes each line as it comes: a run that is killed leaves what was told until then. */
function recorder(file: string): Narrator {
  writeFileSync(file, castHeader(columns));
  return new Narrator({ columns, style: colourStyle, line: (text, atMs) => appendFileSync(file, castLine(text, atMs)) });
}
