import { CannotTellError } from '../../core/errors.ts';

interface Resource {
  readonly plural: string;
  readonly namespaced: boolean;
}

interface Options {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Where an object lives in the API (`/apis/apps/v1/namespaces/NS/deployments/NAME`). Plurals and scopes are asked of
 * the API server, once for each group and version, so that kinds of CRDs work like built-in ones.
 */
export class ResourcePaths {
  readonly #get: (path: string, options: Options) => Promise<unknown>;
  readonly #known = new Map<string, Resource>();

  constructor(get: (path: string, options: Options) => Promise<unknown>) {
    this.#get = get;
  }

  /** @throws CannotTellError `KUBE_NO_SUCH_KIND` */
  async of(apiVersion: string, kind: string, at: Options & { readonly namespace?: string; readonly name?: string }): Promise<string> {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { plural, namespaced } = await this.#resource(root, kind, at);
    const scope = namespaced && at.namespace !== undefined ? `/namespaces/${encodeURIComponent(at.namespace)}` : '';
    return `${root}${scope}/${plural}${at.name === undefined ? '' : `/${encodeURIComponent(at.name)}`}`;
  }

  async #resource(root: string, kind: string, options: Options): Promise<Resource> {
    const key = `${root} ${kind}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { timeoutMs, signal } = options;
    const found = (await this.#get(root, { ...(timeoutMs !== undefined && { timeoutMs }), ...(signal && { signal }) })) as { resources: { name: string; kind: string; namespaced: boolean }[] };
    for (const { name, kind: itsKind, namespaced } of found.resources) {
      // Subresources (pods/log) are listed too.
      if (!name.includes('/')) this.#known.set(`${root} ${itsKind}`, { plural: name, namespaced });
    }
    const resource = this.#known.get(key);
    if (resource === undefined) throw new CannotTellError('KUBE_NO_SUCH_KIND', `the API server has no kind ${kind} in ${root}`);
    return resource;
  }
}
