import { EdgeproofError } from '../../../core/errors.ts';

/** The folder of a cache cannot be used. */
export class CacheFolderError extends EdgeproofError {
  constructor(message: string, details: { readonly next?: string; readonly cause?: unknown } = {}) {
    super('CACHE_FOLDER', message, details);
  }
}
