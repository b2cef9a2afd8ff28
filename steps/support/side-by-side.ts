import { sideBySideTag } from '../../features/tags.ts';

/**
 * Whether a scenario with these tags may run while others of its kind do: it breaks nothing but Pods of its own.
 *
 * @param control a run on plain Kubernetes, where a scenario of the tunnel ends at its first look through it, before it
 * breaks anything: each waits for the time-out of a dial that nobody answers, and 40 such waits in a row are most of the run
 */
export function runsSideBySide(tags: readonly string[], control: boolean): boolean {
  return tags.includes(sideBySideTag) || (control && tags.includes('@tunnel') && tags.some((tag) => tag.startsWith('@stock:')));
}

/** Whether this Cucumber grades plain Kubernetes: the CLI says so. */
export const isControl = (): boolean => process.env['EDGEPROOF_MODE'] === 'control';
