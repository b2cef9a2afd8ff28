import { Transform, type TransformCallback } from 'node:stream';
import type { Rewrite } from '../shown/shown.ts';
import type { Codec, ListHead, TypeMeta, WatchFrame, WireObject } from '../wire/index.ts';

const changed = (object: WireObject, rewrite: Rewrite, codec: Codec): WireObject => {
  const raw = rewrite(object, codec);
  return raw === object.raw ? object : { ...object, raw };
};

/** Gives a watch's client what this node is to see, frame by frame. */
export class WatchRewriting extends Transform {
  readonly #codec: Codec;
  readonly #reader: ReturnType<Codec['watchReader']>;
  readonly #rewrite: Rewrite;
  readonly #seen: (frame: WatchFrame) => void;

  /** @param seen each frame, as the client gets it and before it does */
  constructor(codec: Codec, rewrite: Rewrite, seen: (frame: WatchFrame) => void) {
    super();
    this.#codec = codec;
    this.#reader = codec.watchReader();
    this.#rewrite = rewrite;
    this.#seen = seen;
  }

  /** Whether there are frames that its client has not got: they go with it when it is destroyed. */
  get isHolding(): boolean {
    return this.readableLength > 0 || this.writableLength > 0;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    try {
      for (const came of this.#reader.feed(chunk)) {
        const frame = 'object' in came ? { ...came, object: changed(came.object, this.#rewrite, this.#codec) } : came;
        this.#seen(frame);
        this.push(this.#write(frame));
      }
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  #write(frame: WatchFrame): Buffer {
    if (frame.type === 'ERROR') return this.#codec.writeError(frame.status);
    if (frame.type === 'BOOKMARK') return this.#codec.writeBookmark(frame.of, frame.resourceVersion, { initialEventsEnd: frame.initialEventsEnd });
    return this.#codec.writeChange(frame.type, frame.of, frame.object.raw);
  }
}

/**
 * Gives a list as this node is to see it. It is held until it is whole: such lists are short.
 *
 * @param seen the whole list, as the client gets it and before it does
 */
export const listRewriting = (codec: Codec, rewrite: Rewrite, seen: (head: ListHead, objects: readonly WireObject[]) => void): WholeBody => new WholeBody((body) => {
  const reader = codec.listReader();
  const objects = reader.feed(body).map((object) => changed(object, rewrite, codec));
  const head = reader.end();
  seen(head, objects);
  return Buffer.concat([...codec.writeList(head, objects.map(({ raw }) => raw))]);
});

/** The same for one object. */
export const objectRewriting = (codec: Codec, rewrite: Rewrite, seen: (type: TypeMeta, object: WireObject) => void): WholeBody => new WholeBody((body) => {
  const { type, object } = codec.readObject(body);
  const shown = changed(object, rewrite, codec);
  seen(type, shown);
  return codec.writeObject(type, shown.raw);
});

/** Holds a body back until all of it is there, and lets go what is made of it. */
export class WholeBody extends Transform {
  readonly #chunks: Buffer[] = [];
  readonly #use: (body: Buffer) => Buffer | Promise<Buffer>;

  constructor(use: (body: Buffer) => Buffer | Promise<Buffer>) {
    super();
    this.#use = use;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#chunks.push(chunk);
    done();
  }

  override _flush(done: TransformCallback): void {
    void (async () => await this.#use(Buffer.concat(this.#chunks)))().then((made) => done(null, made), done);
  }
}
