import type { Codec, ListHead, ReaderOptions, WatchFrame, WireObject } from '../codec.ts';

/** The bytes in chunks whose lengths repeat. */
export function* split(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

export function readList(codec: Codec, chunks: Iterable<Buffer>, options?: ReaderOptions): { readonly head: ListHead; readonly items: WireObject[] } {
  const reader = codec.listReader(options);
  const items: WireObject[] = [];
  for (const chunk of chunks) items.push(...reader.feed(chunk));
  return { head: reader.end(), items };
}

export function readWatch(codec: Codec, chunks: Iterable<Buffer>, options?: ReaderOptions): { readonly frames: WatchFrame[]; readonly atBoundary: boolean } {
  const reader = codec.watchReader(options);
  const frames: WatchFrame[] = [];
  for (const chunk of chunks) frames.push(...reader.feed(chunk));
  return { frames, atBoundary: reader.atBoundary };
}
