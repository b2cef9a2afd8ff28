/** Control characters but tab and new line, and those that turn the direction of writing. */
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * A text that comes from what is graded, for a terminal or a log: what would move the cursor, colour or hide the lines
 * around it is shown by its number.
 */
export const printable = (text: string): string =>
  text.replaceAll('\r\n', '\n').replaceAll(unprintable, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
