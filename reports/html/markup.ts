/** A piece of HTML that is already safe. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: strings and numbers are escaped, nothing is written for `undefined` and `false`. */
export type Child = Markup | string | number | undefined | false | readonly Child[];

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Control characters (but tab and new line) are shown as symbols, so that a terminal's colours do not vanish or break the page. */
const control = /[\u0000-\u0008\u000b-\u001f\u007f]/g;
const shownControl = (character: string): string => (character === '\u007f' ? '\u2421' : String.fromCodePoint(0x2400 + character.charCodeAt(0)));

export const escapeHtml = (text: string): string =>
  text.replaceAll(/\r\n/g, '\n').replaceAll(control, shownControl).replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');

function write(child: Child): string {
  if (child === undefined || child === false) return '';
  if (child instanceof Markup) return child.text;
  if (typeof child === 'object') return child.map(write).join('');
  return escapeHtml(String(child));
}

/** HTML of a template: everything put into it is escaped unless it is Markup. Attributes must be in double quotes. */
export function html(strings: TemplateStringsArray, ...children: readonly Child[]): Markup {
  return new Markup(strings.reduce((text, part, index) => `${text}${part}${index < children.length ? write(children[index]) : ''}`, ''));
}

/** Takes text as HTML as it is: only for text that edgeproof itself wrote. */
export const trusted = (text: string): Markup => new Markup(text);
