import { clientGone } from './link-error.ts';

/** Waits for what others wait for too, as long as whoever asks is there. @throws LinkError `CLIENT_GONE` */
export async function orGone<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const gone = (): void => reject(clientGone());
  signal.addEventListener('abort', gone, { once: true });
  if (signal.aborted) gone();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', gone);
    work.catch(() => {});
  }
}
