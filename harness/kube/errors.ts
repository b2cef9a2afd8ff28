import { EdgeproofError } from '../../core/errors.ts';

/** The API server answered with an error: its HTTP status, and the reason and message of its `Status` object. */
export class KubeError extends EdgeproofError {
  /** HTTP status code. */
  readonly status: number;
  /** `NotFound`, `Conflict`, `Forbidden`, … as Kubernetes names it; empty when the answer held none. */
  readonly reason: string;

  constructor(request: string, status: number, body: string) {
    const { reason, message } = readStatus(body);
    super('KUBE_STATUS', `${request}: ${status}${reason === '' ? '' : ` ${reason}`}: ${message}`);
    this.status = status;
    this.reason = reason;
  }
}

/** The API server gave no answer at all: refused, cut, out of time, not trusted, aborted. */
export class KubeUnreachableError extends EdgeproofError {
  constructor(request: string, why: string, cause: unknown) {
    super('KUBE_UNREACHABLE', `${request}: ${why}`, { cause });
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof KubeError && error.status === 404;
export const isConflict = (error: unknown): boolean => error instanceof KubeError && error.status === 409;

function readStatus(body: string): { reason: string; message: string } {
  try {
    const { reason, message } = JSON.parse(body) as { reason?: string; message?: string };
    return { reason: reason ?? '', message: message ?? body.slice(0, 300) };
  } catch {
    return { reason: '', message: body.trim().slice(0, 300) || '(empty answer)' };
  }
}
