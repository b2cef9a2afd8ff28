import { UnreadableAnswerError } from './errors.ts';

/** `Pod` of `PodList`: what Kubernetes' own clients go by. @throws UnreadableAnswerError for what is no list of one kind */
export function itemKind(listKind: string): string {
  if (listKind === 'List' || !listKind.endsWith('List')) throw new UnreadableAnswerError('NOT_CACHEABLE', listKind === '' ? 'a list without a kind' : `a ${listKind}, which is no list of one kind of object`);
  return listKind.slice(0, -'List'.length);
}
