/** What is known of the Pods of this node. */
export interface Knowledge {
  /** It names all of them. */
  readonly complete: boolean;
  /** The API server has said so itself, after it was asked. False: it is what the node's hub remembers. */
  readonly connected: boolean;
  /** Of those that are not over. A mirror of a static Pod counts by its own UID and by that of the Pod that it mirrors. */
  readonly uids: ReadonlySet<string>;
}

/** Where the set of Pods that exist comes from. */
export interface KnownPods {
  /** What was told last, at no cost: it may lag behind, and says nothing of what is missing. Undefined before anything was told. */
  readonly lately: ReadonlySet<string> | undefined;
  /** Asks. @throws EdgeproofError when nobody answers */
  knownPods(signal: AbortSignal): Promise<Knowledge>;
}
