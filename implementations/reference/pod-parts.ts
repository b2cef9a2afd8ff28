/** What all of the tunnel's containers may do: nothing but run. */
export const lockedDown = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } } as const;

export const mount = (name: string, mountPath: string): object => ({ name, mountPath, readOnly: true });

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** `{ dialMs: 4000 }` → `--dial-ms=4000`. */
export const flagsOf = (values: Readonly<Record<string, string | number>>): string[] =>
  Object.entries(values).map(([key, value]) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}=${value}`);
