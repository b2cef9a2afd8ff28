import { Transform, type TransformCallback } from 'node:stream';
import type { Rewrite } from '../shown/shown.ts';
import type { Codec, TypeMeta, WatchFrame, WireObject } from '../wire/index.ts';

const changed = (object: WireObject, rewrite: Rewrite): WireObject => {
  const before = object.raw.toString();
  const after = rewrite(before);
  return after === before ? object : { ...object, raw: Buffer.from(after) };
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

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    try {
      for (const came of this.#reader.feed(chunk)) {
        const frame = 'object' in came ? { ...came, object: changed(came.object, this.#rewrite) } : came;
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

/** Gives a list's client what this node is to see. The list is held until it is whole: such lists are short. */
export class ListRewriting extends Transform {
  readonly #codec: Codec;
  readonly #reader: ReturnType<Codec['listReader']>;
  readonly #rewrite: Rewrite;
  readonly #objects: WireObject[] = [];
  readonly #seen: (head: ReturnType<ReturnType<Codec['listReader']>['end']>, objects: readonly WireObject[]) => void;

  /** @param seen the whole list, as the client gets it and before it does */
  constructor(codec: Codec, rewrite: Rewrite, seen: (head: ReturnType<ReturnType<Codec['listReader']>['end']>, objects: readonly WireObject[]) => void) {
    super();
    this.#codec = codec;
    this.#reader = codec.listReader();
    this.#rewrite = rewrite;
    this.#seen = seen;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    try {
      for (const object of this.#reader.feed(chunk)) this.#objects.push(changed(object, this.#rewrite));
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    try {
      const head = this.#reader.end();
      this.#seen(head, this.#objects);
      for (const piece of this.#codec.writeList(head, this.#objects.map(({ raw }) => raw))) this.push(piece);
      done();
    } catch (error) {
      done(error as Error);
    }
  }
}

/** The same for one object. */
export class ObjectRewriting extends Transform {
  readonly #chunks: Buffer[] = [];
  readonly #codec: Codec;
  readonly #rewrite: Rewrite;
  readonly #seen: (type: TypeMeta, object: WireObject) => void;

  /** @param seen the object, as the client gets it and before it does */
  constructor(codec: Codec, rewrite: Rewrite, seen: (type: TypeMeta, object: WireObject) => void) {
    super();
    this.#codec = codec;
    this.#rewrite = rewrite;
    this.#seen = seen;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#chunks.push(chunk);
    done();
  }

  override _flush(done: TransformCallback): void {
    try {
      const { type, object } = this.#codec.readObject(Buffer.concat(this.#chunks));
      const shown = changed(object, this.#rewrite);
      this.#seen(type, shown);
      done(null, this.#codec.writeObject(type, shown.raw));
    } catch (error) {
      done(error as Error);
    }
  }
}

/** Lets a body go when something is done with all of it. */
export class HoldingBack extends Transform {
  readonly #chunks: Buffer[] = [];
  readonly #use: (body: Buffer) => Promise<void>;

  constructor(use: (body: Buffer) => Promise<void>) {
    super();
    this.#use = use;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#chunks.push(chunk);
    done();
  }

  override _flush(done: TransformCallback): void {
    const body = Buffer.concat(this.#chunks);
    this.#use(body).then(() => done(null, body), done);
  }
}
