import type { CollectionKey, CollectionListener } from '../cache/index.ts';
import { answerRead, expired, type Reading } from '../offline/reads.ts';
import { compareResourceVersions, representationsOf, type Representation } from '../wire/index.ts';
import { valueOf } from '../wire/query.ts';

/** A parameter of a list or a watch: what another client of the same identity keeps current here is enough. An API server does not know it, and lets it be. */
const sharedParameter = { name: 'edgeHub', value: 'shared' } as const;

/** A client whose watch has come to its time opens the next one within a moment. Milliseconds. */
const unfollowedMs = 2000;

/**
 * Answers a list or a watch whose client says that it may be: what others of its identity watch is told to it too, and the API server need not tell it twice.
 *
 * @returns false when nobody keeps that current, or the client knows of something newer
 */
export function answerShared(reading: Reading): boolean {
  const { kube, subject, store } = reading;
  if (valueOf(kube.query, sharedParameter.name) !== sharedParameter.value || (kube.verb !== 'list' && kube.verb !== 'watch')) return false;
  for (const representation of representationsOf(kube.accept)) {
    const key: CollectionKey = { identity: subject, path: kube.path, fieldSelector: kube.fieldSelector, labelSelector: kube.labelSelector, mediaType: representation.mediaType };
    if (store.isFollowed(key)) return kube.verb === 'list' ? answerRead(reading) : answerWatch(reading, key, representation);
  }
  return false;
}

function answerWatch({ kube: { options }, store, response }: Reading, key: CollectionKey, { codec }: Representation): boolean {
  if (options.sendInitialEvents === true) return false;
  const tell = (frame: Buffer): void => {
    // Who has not read what there was before is behind, and lists again.
    if (to.writableNeedDrain) end();
    else to.write(frame);
  };
  const end = (): void => {
    leave();
    to.end();
  };
  const leave = (): void => {
    listening?.[Symbol.dispose]();
    clearTimeout(timer);
  };
  const listener: CollectionListener = {
    changed: (change, { raw }) => tell(codec.writeChange(change, type, raw)),
    bookmark: (version) => {
      if (options.allowWatchBookmarks) tell(codec.writeBookmark(type, version));
    },
    unfollowed: () => void setTimeout(() => {
      if (!to.writableEnded && !store.isFollowed(key)) end();
    }, unfollowedMs).unref(),
    replaced: end,
  };
  let timer: NodeJS.Timeout | undefined;
  const listening = store.listen(key, listener);
  const order = listening && compareResourceVersions(options.resourceVersion, listening.resourceVersion);
  if (listening === undefined || order === undefined || order > 0) {
    leave();
    return false;
  }
  const { type } = listening;
  const to = response.start(200, { 'content-type': codec.watchContentType });
  if (order < 0) {
    leave();
    expired(to, codec, options.resourceVersion);
    return true;
  }
  if (options.timeoutSeconds !== undefined) timer = setTimeout(end, options.timeoutSeconds * 1000).unref();
  to.once('close', leave);
  return true;
}
