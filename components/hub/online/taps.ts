import type { AnswerTap } from '../front/index.ts';
import type { CacheStore, ObjectKey } from '../cache/index.ts';
import type { Representation } from '../wire/index.ts';
import type { ListRecord } from './list-record.ts';
import type { WatchRecord } from './watch-record.ts';

/** What an answer cannot be kept for: it goes on to its client all the same. */
export type Troubled = (reason: unknown) => void;

/** Runs the parts of a tap's work; the first failure is told and ends it, and the client's answer goes on. */
export function guard(failed: (reason: unknown) => void): (work: () => void) => void {
  let over = false;
  return (work) => {
    if (over) return;
    try {
      work();
    } catch (reason) {
      over = true;
      failed(reason);
    }
  };
}

/** Runs what is done for a list's record; a failure ends it. */
export const listGuard = (record: ListRecord, troubled: Troubled): ReturnType<typeof guard> => guard((reason) => {
  record.abort();
  troubled(reason);
});

/** The same for a watch's. */
export const watchGuard = (record: WatchRecord, troubled: Troubled): ReturnType<typeof guard> => guard((reason) => {
  record.lost();
  troubled(reason);
});

/** Keeps a list that goes by, when its last byte has come. */
export function listTap(record: ListRecord, { codec }: Representation, troubled: Troubled): AnswerTap {
  const reader = codec.listReader();
  const guarded = listGuard(record, troubled);
  return {
    piece: (chunk) => guarded(() => record.put(reader.feed(chunk))),
    whole: () => guarded(() => record.end(reader.end())),
  };
}

/** Keeps what a watch brings, before its client has it. Whoever made the record ends it. */
export function watchTap(record: WatchRecord, { codec }: Representation, troubled: Troubled): AnswerTap {
  const reader = codec.watchReader();
  const guarded = watchGuard(record, troubled);
  return {
    piece: (chunk) => guarded(() => {
      for (const frame of reader.feed(chunk)) record.record(frame);
    }),
  };
}

/** The largest answer that is kept as one object. */
const maxObjectBytes = 4 * 1024 * 1024;

/** Keeps one object, when all of it has come. */
export function objectTap(store: CacheStore, key: ObjectKey, { codec, fits }: Representation, troubled: Troubled): AnswerTap {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    piece: (chunk) => {
      bytes += chunk.length;
      if (bytes <= maxObjectBytes) chunks.push(chunk);
      else chunks.length = 0;
    },
    whole: () => guard(troubled)(() => {
      if (bytes > maxObjectBytes) return;
      const { type, object } = codec.readObject(Buffer.concat(chunks));
      if (fits(type)) store.putObject(key, type, object);
    }),
  };
}
