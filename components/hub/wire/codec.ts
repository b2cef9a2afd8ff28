/** Of what kind an object is. */
export interface TypeMeta {
  /** `v1`, `discovery.k8s.io/v1` */
  readonly apiVersion: string;
  /** `Pod`: of a list, that of its items */
  readonly kind: string;
}

export interface WireObject {
  /** '' for what is in no namespace. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /**
   * The object as an item of a list has it: in JSON without kind and apiVersion where the server's lists have none, in protobuf
   * the bare message. Otherwise byte for byte what came. Memory of its own, and given away.
   */
  readonly raw: Buffer;
}

/** A list without its items. */
export interface ListHead {
  readonly type: TypeMeta;
  readonly resourceVersion: string;
  /** '' when there is no further page. */
  readonly continue: string;
}

/** What a Status says. */
export interface StatusBody {
  readonly code: number;
  /** `NotFound`, `ServiceUnavailable`, `Expired`, … (StatusReason of meta/v1) */
  readonly reason: string;
  readonly message: string;
  readonly details?: { readonly name?: string; readonly group?: string; readonly kind?: string; readonly retryAfterSeconds?: number };
}

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

export type WatchFrame =
  | { readonly type: ChangeType; readonly of: TypeMeta; readonly object: WireObject }
  /** `initialEventsEnd`: it ends the initial events of a WatchList, which are then whole. */
  | { readonly type: 'BOOKMARK'; readonly of: TypeMeta; readonly resourceVersion: string; readonly initialEventsEnd: boolean }
  | { readonly type: 'ERROR'; readonly status: StatusBody };

/** Takes a list apart. Holds back at most one item, and what is not items. */
export interface ListReader {
  /** @param chunk is not written to again @returns the items that end in it @throws UnreadableAnswerError; the reader must not be used after that */
  feed(chunk: Buffer): WireObject[];
  /** After the last chunk. @throws UnreadableAnswerError also when the list is not whole */
  end(): ListHead;
}

/** Takes a watch stream apart. Holds back at most one frame. */
export interface WatchReader {
  /** @param chunk is not written to again @returns the frames that end in it @throws UnreadableAnswerError; the reader must not be used after that */
  feed(chunk: Buffer): WatchFrame[];
  /** True between two frames. A watch that is cut may well end elsewhere: what was told stays true. */
  readonly atBoundary: boolean;
}

export interface ReaderOptions {
  /** Of one object or frame, and of what a list has besides its items. Default: {@link maxObjectBytes}. */
  readonly maxBytes?: number;
}

/** Far more than etcd takes (1.5 MiB): what is larger is no object. */
export const maxObjectBytes = 16 * 1024 * 1024;

/** The annotation of the bookmark that ends the initial events of a WatchList (metav1.InitialEventsAnnotationKey). */
export const initialEventsEndAnnotation = 'k8s.io/initial-events-end';

/** One encoding. Nothing is decoded beyond what {@link WireObject} has, and nothing is encoded anew: raw bytes go in and out. */
export interface Codec {
  /** Of lists, objects and Status: what Content-Type is. */
  readonly contentType: string;
  /** Of watches. */
  readonly watchContentType: string;
  listReader(options?: ReaderOptions): ListReader;
  watchReader(options?: ReaderOptions): WatchReader;
  /** The whole body of an answer that is one object. @throws UnreadableAnswerError, also for a Status, a list or a Table */
  readObject(body: Buffer): { readonly type: TypeMeta; readonly object: WireObject };
  /** The whole body of a refusal; undefined when it is no Status. */
  readStatus(body: Buffer): StatusBody | undefined;
  /** The body of a list, in pieces of some 64 KB. @param items the raw bytes of each */
  writeList(head: ListHead, items: Iterable<Buffer>): Iterable<Buffer>;
  writeObject(type: TypeMeta, raw: Buffer): Buffer;
  writeChange(change: ChangeType, type: TypeMeta, raw: Buffer): Buffer;
  writeBookmark(type: TypeMeta, resourceVersion: string, options?: { readonly initialEventsEnd?: boolean }): Buffer;
  /** The frame that ends a watch with a reason. */
  writeError(status: StatusBody): Buffer;
  writeStatus(status: StatusBody): Buffer;
}
