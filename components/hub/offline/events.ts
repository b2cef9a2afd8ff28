import type { KeptEvents } from '../cache/index.ts';
import { first } from '../common/headers.ts';
import { answerStatus, type FrontRequest } from '../front/index.ts';
import { representationOfAnswer, UnreadableAnswerError, type KubeRequest } from '../wire/index.ts';
import { whole } from './reads.ts';

/** An Event is 1 KB. */
export const maxEventBytes = 64 * 1024;
const mostPatched = 1000;

/** Takes what the node has to report, while the cloud does not hear of it. */
export class OfflineEvents {
  readonly #kept: KeptEvents;
  readonly #taken: () => void;
  /** Events that there are in the cloud, as far as their reporter knows. */
  readonly #patched = new Set<string>();

  /** @param taken there is one more to send */
  constructor(kept: KeptEvents, taken: () => void) {
    this.#kept = kept;
    this.#taken = taken;
  }

  /**
   * A create is kept. A patch (it happened again) is answered with 404, on which a reporter creates the Event whole (recordEvent of client-go/tools/record).
   *
   * @returns false for what is no Event that can be sent later: nothing is done then
   */
  async answer(request: FrontRequest, kube: KubeRequest): Promise<boolean> {
    if (kube.verb === 'patch' && kube.subresource === '') {
      this.#patched.add(kube.path);
      if (this.#patched.size > mostPatched) this.#patched.delete(this.#patched.values().next().value!);
      answerStatus(request.response, { code: 404, reason: 'NotFound', message: `events "${kube.name}" not found here: the cloud, where it is, is cut off` });
      return true;
    }
    if (kube.verb !== 'create' || request.headers['content-encoding'] !== undefined) return false;
    const contentType = first(request.headers, 'content-type') ?? '';
    const body = await request.readBody(maxEventBytes);
    const name = nameOf(contentType, body);
    if (name === undefined) return false;
    this.#kept.put({ path: kube.path, name, contentType, body, goesOn: this.#patched.delete(`${kube.path}/${name}`) });
    whole(request.response, 201, contentType, body);
    this.#taken();
    return true;
  }
}

/** @returns undefined for what is no Event */
export function nameOf(contentType: string, body: Buffer): string | undefined {
  try {
    const read = representationOfAnswer(contentType, [{ type: '*/*', quality: 1, parameters: {} }])?.codec.readObject(body);
    return read?.type.kind === 'Event' ? read.object.name : undefined;
  } catch (error) {
    if (error instanceof UnreadableAnswerError) return undefined;
    throw error;
  }
}
