import { all, type Headers } from '../common/headers.ts';

export const impersonates = (headers: Headers): boolean => Object.keys(headers).some((name) => name.startsWith('impersonate-'));

/** Of two Authorizations or lengths, which one counts would be a matter of taste: ours and the API server's. */
export const isPlain = (headers: Headers, path: string): boolean => path.startsWith('/') && all(headers, 'authorization').length <= 1 && all(headers, 'content-length').length <= 1;
