import { setMaxListeners } from 'node:events';
import { Toxiproxy } from 'toxiproxy-node-client';
import { HttpClient, type HttpResponse } from 'toxiproxy-node-client/dist/HttpClient.js';
import { CannotTellError } from '../../core/errors.ts';

/** Toxiproxy did not answer, or refused. `status` is the HTTP status, absent when there was no answer. */
export class ToxiproxyApiError extends CannotTellError {
  readonly status: number | undefined;

  constructor(message: string, status?: number, cause?: unknown) {
    super('TOXIPROXY', message, { cause, next: 'look at the WAN container: docker logs CLUSTER-wan-SITE' });
    this.status = status;
  }
}

/** One proxy of a Toxiproxy server. `listen` and `upstream` are `address:port`. */
export interface ProxySpec {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
}

/** `upstream` slows what the client sends, `downstream` what it receives. */
export interface ToxicSpec {
  readonly name: string;
  readonly type: 'latency' | 'bandwidth' | 'timeout' | 'reset_peer' | 'slicer' | 'limit_data' | 'slow_close';
  readonly stream: 'upstream' | 'downstream';
  readonly attributes: Readonly<Record<string, number>>;
}

export interface ToxiproxyOptions {
  /** For each call. Default: 5,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The client library's transport knows neither time-outs nor what the server says when it refuses. */
class BoundedHttpClient extends HttpClient {
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | undefined;

  constructor({ timeoutMs = 5_000, signal }: ToxiproxyOptions) {
    super();
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
    if (signal !== undefined) setMaxListeners(0, signal);
  }

  override async get<T>(url: string): Promise<HttpResponse<T>> {
    return { data: JSON.parse(await this.#call('GET', url)) as T };
  }

  override async post<T>(url: string, body?: unknown): Promise<HttpResponse<T>> {
    const text = await this.#call('POST', url, body);
    return { data: (text === '' ? undefined : JSON.parse(text)) as T };
  }

  override async delete(url: string): Promise<void> {
    await this.#call('DELETE', url);
  }

  override async getText(url: string): Promise<string> {
    return await this.#call('GET', url);
  }

  async #call(method: string, url: string, body?: unknown): Promise<string> {
    const what = `${method} ${new URL(url).pathname}`;
    const deadline = AbortSignal.timeout(this.#timeoutMs);
    const signal = this.#signal === undefined ? deadline : AbortSignal.any([this.#signal, deadline]);
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method, signal,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      text = await response.text();
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw new ToxiproxyApiError(deadline.aborted ? `Toxiproxy: ${what}: no answer in ${this.#timeoutMs / 1000} s` : `Toxiproxy: ${what}: unreachable`, undefined, error);
    }
    if (!response.ok) throw new ToxiproxyApiError(`Toxiproxy: ${what}: ${response.status} ${messageOf(text)}`, response.status);
    return text;
  }
}

/** Errors come as `{"error":"proxy not found","status":404}`. */
function messageOf(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: string };
    return error ?? body.trim();
  } catch {
    return body.trim();
  }
}

const orMissing = async <T>(answer: Promise<T>): Promise<T | undefined> => {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ToxiproxyApiError && error.status === 404) return undefined;
    throw error;
  }
};

/** One Toxiproxy server. Every change says what shall be, so that making it twice is making it once. */
export class ToxiproxyServer {
  readonly #client: Toxiproxy;

  /** @param url for example `http://127.0.0.1:8474` */
  constructor(url: string, options: ToxiproxyOptions = {}) {
    this.#client = new Toxiproxy(url);
    this.#client.api = new BoundedHttpClient(options);
  }

  /** @throws ToxiproxyApiError, as all methods below */
  async version(): Promise<string> {
    return (JSON.parse(await this.#client.getVersion()) as { version: string }).version;
  }

  async hasProxy(name: string): Promise<boolean> {
    return (await orMissing(this.#client.get(name))) !== undefined;
  }

  async isEnabled(name: string): Promise<boolean> {
    return (await this.#client.get(name)).enabled;
  }

  /** Makes the proxy, or makes an existing one be so, and enables it. */
  async ensureProxy(spec: ProxySpec): Promise<void> {
    const there = await orMissing(this.#client.get(spec.name));
    if (there === undefined) await this.#client.createProxy({ ...spec, enabled: true });
    else await there.update({ listen: spec.listen, upstream: spec.upstream, enabled: true });
  }

  /** A disabled proxy has ended its connections and refuses new ones. */
  async setEnabled(name: string, enabled: boolean): Promise<void> {
    const proxy = await this.#client.get(name);
    if (proxy.enabled !== enabled) await proxy.update({ listen: proxy.listen, upstream: proxy.upstream, enabled });
  }

  /** Makes the toxic, or gives an existing one of that name these attributes. Its type and stream never change. */
  async ensureToxic(proxyName: string, toxic: ToxicSpec): Promise<void> {
    const proxy = await this.#client.get(proxyName);
    const there = await orMissing(proxy.getToxic(toxic.name));
    const body = { ...toxic, toxicity: 1 };
    if (there === undefined) await proxy.addToxic(body);
    else await there.update(body);
  }

  /** Does nothing when there is no such toxic. */
  async removeToxic(proxyName: string, toxicName: string): Promise<void> {
    const proxy = await this.#client.get(proxyName);
    await orMissing((async () => { await (await proxy.getToxic(toxicName)).remove(); })());
  }

  async toxics(proxyName: string): Promise<ToxicSpec[]> {
    const proxy = await this.#client.get(proxyName);
    return (await this.#client.api.get<ToxicSpec[]>(`${proxy.getPath()}/toxics`)).data;
  }
}
