import type { Readable } from 'node:stream';
import { joinSockets } from '../../tunnel/common/join-sockets.ts';
import { endToEnd, type Headers } from '../common/headers.ts';
import { LinkError, type Link, type LinkAnswer, type Via } from '../link/index.ts';
import type { ForwardHooks, ForwardPlan } from './hooks.ts';
import type { Identity } from './identity.ts';
import { pump, type PumpEnd } from './pump.ts';
import { Quota } from './quota.ts';
import { BodyError, type FrontHandler, type FrontRequest, type FrontUpgrade, type RequestHead } from './request.ts';
import { answerStatus } from './status.ts';
import { unpacked } from './unpacked.ts';

export interface ForwarderOptions {
  readonly link: Link;
  readonly hooks?: ForwardHooks;
  readonly events?: ForwardEvents;
  /** A body up to this size is read whole before it is sent on, so that it can be sent again, or answered here. Bytes. */
  readonly maxBodyBytes?: number;
  /** All such bodies together, those of the node and those of all others; what comes beyond is sent on as it comes. Bytes. */
  readonly maxBodiesBytes?: number;
}

/**
 * How a request ended.
 * - `answered`: by the API server, to the end
 * - `locally`: by the hooks
 * - `unanswered`: the link was, or came to be, cut off
 * - `broken`: the answer broke off
 * - `refused`: it was not sent on at all
 * - `gone`: the client went first
 */
export type Outcome = 'answered' | 'locally' | 'unanswered' | 'broken' | 'refused' | 'gone';

/** For logs and metrics. */
export interface ForwardEvents {
  done(request: RequestHead, outcome: Outcome, startedAt: number): void;
  upgraded(open: 1 | -1): void;
}

/** What the API server itself takes (`MaxRequestBodyBytes`). */
const defaultMaxBodyBytes = 3 * 1024 * 1024;
const defaultMaxBodiesBytes = 32 * 1024 * 1024;

/** Sends requests to the API server as they are, with the credentials that they came with. */
export class Forwarder implements FrontHandler {
  readonly #options: ForwarderOptions;
  readonly #maxBodyBytes: number;
  readonly #maxBodiesBytes: number;
  readonly #quota = new Quota();
  /** Who announces bodies and does not send them must not take the node's share. */
  readonly #bodiesBytes = { node: 0, bare: 0 };

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#maxBodyBytes = options.maxBodyBytes ?? defaultMaxBodyBytes;
    this.#maxBodiesBytes = options.maxBodiesBytes ?? defaultMaxBodiesBytes;
  }

  async handle(request: FrontRequest): Promise<void> {
    const startedAt = performance.now();
    let outcome: Outcome = 'broken';
    const giveBack = this.#quota.take(request.identity);
    if (giveBack === undefined) return this.#options.events?.done(request, refuseMore(request), startedAt);
    void request.over.then(giveBack);
    const share = request.identity.kind === 'node' ? 'node' : 'bare';
    const held = this.#hold(share, request.bodyBytes);
    try {
      outcome = await this.#forward(request, held !== undefined);
    } catch (error) {
      if (request.signal.aborted) outcome = 'gone';
      else if (error instanceof BodyError) outcome = refuseBody(request, error);
      else throw error;
    } finally {
      this.#bodiesBytes[share] -= held ?? 0;
      this.#options.events?.done(request, outcome, startedAt);
    }
  }

  async upgrade(upgrade: FrontUpgrade): Promise<void> {
    const startedAt = performance.now();
    const outcome = await this.#upgrade(upgrade);
    this.#options.events?.done(upgrade, outcome, startedAt);
  }

  async #forward(request: FrontRequest, whole: boolean): Promise<Outcome> {
    const { link, hooks } = this.#options;
    const { method, path, signal, identity } = request;
    const via = viaOf(identity);
    if (via === undefined) return refuseCertificate(request);
    if (hooks?.local?.(request) === true) return 'locally';
    const plan: ForwardPlan = hooks?.plan?.(request) ?? {};
    const body: Buffer | Readable | undefined = request.bodyBytes === 0 ? undefined : whole ? await request.readBody(this.#maxBodyBytes) : request.body;
    let answer: LinkAnswer;
    try {
      answer = await link.request({ method, path: plan.path ?? path, via, signal, headers: replaced(forwardable(request.headers, via), { ...plan.headers, ...(plan.packed === true && { 'accept-encoding': 'gzip' }) }), ...(body !== undefined && { body }) });
      if (plan.packed === true) answer = unpacked(answer);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      return await this.#unanswered(request, error);
    }
    return await pass(request, answer, plan);
  }

  async #unanswered(request: FrontRequest, error: LinkError): Promise<Outcome> {
    if (error.code === 'CLIENT_GONE') return 'gone';
    if (error.isOfTheLink && (await this.#options.hooks?.unanswered?.(request, error)) === true) return 'locally';
    return tellWhy(request, error);
  }

  async #upgrade(upgrade: FrontUpgrade): Promise<Outcome> {
    const { link, events } = this.#options;
    const { method, path, signal, identity } = upgrade;
    const via = viaOf(identity);
    if (via === undefined) return refuseCertificate(upgrade);
    try {
      const { upgrade: protocol } = upgrade.headers;
      const answer = await link.upgrade({ method, path, via, signal, headers: { ...forwardable(upgrade.headers, via), ...(protocol !== undefined && { upgrade: protocol }) } });
      if (!answer.switched) return await pass(upgrade, answer, {});
      const client = upgrade.accept(answer.headers);
      if (answer.head.length > 0) client.write(answer.head);
      if (upgrade.head.length > 0) answer.socket.write(upgrade.head);
      events?.upgraded(1);
      answer.socket.once('close', () => events?.upgraded(-1));
      joinSockets(client, answer.socket);
      return 'answered';
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      return error.code === 'CLIENT_GONE' ? 'gone' : tellWhy(upgrade, error);
    }
  }

  /** @returns how many bytes are set aside for a body that is read whole; undefined when it is passed on as it comes */
  #hold(share: Via, bytes: number | undefined): number | undefined {
    if (bytes === undefined || bytes > this.#maxBodyBytes || this.#bodiesBytes[share] + bytes > this.#maxBodiesBytes) return undefined;
    this.#bodiesBytes[share] += bytes;
    return bytes;
  }
}

/** The node's certificate is for the node's own kubelet, and nobody else's requests ever. */
function viaOf(identity: Identity): Via | undefined {
  if (identity.kind === 'node') return 'node';
  return identity.kind === 'certificate' ? undefined : 'bare';
}

/**
 * What of a client's headers goes upstream. `X-Remote-…` is how a front proxy tells the API server whose request it is; no client of this one
 * is any. Beside a certificate, which counts, a token would only make people wonder.
 */
function forwardable(headers: Headers, via: Via): Record<string, string | readonly string[]> {
  return endToEnd(headers, (name) => name.startsWith('x-remote-') || (via === 'node' && name === 'authorization'));
}

function replaced(headers: Record<string, string | readonly string[]>, by: ForwardPlan['headers']): Headers {
  for (const [name, value] of Object.entries(by ?? {})) {
    if (value === undefined) delete headers[name];
    else headers[name] = value;
  }
  return headers;
}

async function pass({ response, signal }: RequestHead, { status, headers, body }: LinkAnswer, plan: ForwardPlan): Promise<Outcome> {
  let end: PumpEnd;
  try {
    const tap = plan.answer?.(status, headers) ?? {};
    end = await pump(body, response.start(status, tap.headers ?? headers), tap, signal);
  } catch (error) {
    body.destroy();
    throw error;
  }
  if (end.kind !== 'broken') return end.kind === 'kept' ? 'locally' : 'answered';
  if (end.error.code === 'CLIENT_GONE') return 'gone';
  response.break(end.error);
  return 'broken';
}

/** What a client is told that gets no answer. Never an empty one. */
function tellWhy({ response, method }: RequestHead, error: LinkError): Outcome {
  const { message, mayHaveBeenSeen } = error;
  if (error.code === 'RESET') {
    response.break(error);
    return 'broken';
  }
  const reads = method === 'GET' || method === 'HEAD';
  if (error.code === 'BUSY') answerStatus(response, { code: 429, reason: 'TooManyRequests', message, retryAfter: 1 });
  else if (mayHaveBeenSeen && !reads) answerStatus(response, { code: 504, reason: 'Timeout', message: `${message}; whether the request was carried out is not known` });
  else answerStatus(response, { code: 503, reason: 'ServiceUnavailable', message: reads ? message : `${message}; nothing was done` });
  return 'unanswered';
}

function refuseCertificate({ response, identity }: RequestHead): Outcome {
  const user = identity.kind === 'certificate' ? identity.user : '';
  answerStatus(response, { code: 403, reason: 'Forbidden', message: `the key of "${user}" is not on this node, so its requests cannot be sent on: come with a token, or straight to the API server` });
  return 'refused';
}

function refuseMore({ response }: RequestHead): Outcome {
  answerStatus(response, { code: 429, reason: 'TooManyRequests', message: 'this client has too many requests under way: end some of them', retryAfter: 1 });
  return 'refused';
}

function refuseBody({ response }: RequestHead, error: BodyError): Outcome {
  if (error.code === 'TOO_LARGE') answerStatus(response, { code: 413, reason: 'RequestEntityTooLarge', message: error.message });
  else response.break(error);
  return 'refused';
}
