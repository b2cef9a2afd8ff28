/** How parts of a line are told apart. */
export interface Style {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  /** What is done to the world. */
  readonly deed: (text: string) => string;
}

const same = (text: string): string => text;
const sgr = (code: string) => (text: string): string => `\u001b[${code}m${text}\u001b[0m`;

export const plainStyle: Style = { strong: same, faint: same, good: same, bad: same, deed: same };
/** Of a terminal: SGR sequences (ECMA-48, 8.3.117). */
export const colourStyle: Style = { strong: sgr('1'), faint: sgr('2'), good: sgr('32'), bad: sgr('31'), deed: sgr('1;33') };
