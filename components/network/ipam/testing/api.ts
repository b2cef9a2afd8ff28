import { json, type Arrived } from '../../../hub/testing/api-server.ts';

interface Pod {
  readonly name: string;
  readonly uid: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An API server's Pods of one node, as metadata: lists, and watches that are told of changes. */
export class PodApi {
  readonly pods = new Map<string, Pod>();
  readonly lists: string[] = [];
  #version = 10;
  readonly #events: { readonly version: number; readonly line: string }[] = [];
  readonly #watches = new Set<Arrived['stream']>();

  readonly answer = ({ path, headers, stream }: Arrived): void => {
    const partial = String(headers['accept']).includes('PartialObjectMetadata');
    stream.respond({ ':status': 200, 'content-type': 'application/json', 'audit-id': 'of-this-request' });
    const [, from] = /watch=1.*resourceVersion=(\d+)/.exec(path) ?? [];
    if (from !== undefined) {
      for (const { version, line } of this.#events) if (version > Number(from)) stream.write(line);
      this.#watches.add(stream);
      stream.on('close', () => this.#watches.delete(stream));
      return;
    }
    this.lists.push(path);
    stream.end(json({ kind: partial ? 'PartialObjectMetadataList' : 'PodList', apiVersion: partial ? 'meta.k8s.io/v1' : 'v1', metadata: { resourceVersion: String(this.#version) }, items: [...this.pods.values()].map((pod) => this.#item(pod)) }));
  };

  #item(pod: Pod): object {
    return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { namespace: 'default', resourceVersion: String(this.#version), ...pod } };
  }

  add(pod: Pod): void {
    this.#version += 1;
    this.pods.set(pod.name, pod);
    this.#tell('ADDED', pod);
  }

  delete(name: string): void {
    const pod = this.pods.get(name)!;
    this.#version += 1;
    this.pods.delete(name);
    this.#tell('DELETED', pod);
  }

  #tell(type: string, pod: Pod): void {
    const line = `${JSON.stringify({ type, object: this.#item(pod) })}\n`;
    this.#events.push({ version: this.#version, line });
    for (const stream of this.#watches) stream.write(line);
  }

  get watched(): boolean {
    return this.#watches.size > 0;
  }
}
