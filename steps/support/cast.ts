/** Rows of the terminal that a player shows. */
const rows = 40;

/** First line of an asciicast, version 2 (https://docs.asciinema.org/manual/asciicast/v2/). */
export const castHeader = (columns: number): string => `${JSON.stringify({ version: 2, width: columns, height: rows, title: 'npm run demo' })}\n`;

/** A line of output in an asciicast. @param atMs since its beginning */
export const castLine = (text: string, atMs: number): string => `${JSON.stringify([Math.round(atMs) / 1000, 'o', `${text}\r\n`])}\n`;
