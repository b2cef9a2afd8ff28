import type { Attachment } from '@cucumber/messages';
import { formatDuration } from '../../core/duration.ts';
import { printable } from '../../core/printable.ts';
import { table } from '../../core/table.ts';
import type { IdentityAttachment } from '../../reports/attachments.ts';
import { sortAttachments } from '../../reports/case-attachments.ts';
import type { Style } from './style.ts';

/** A line of plain text, and how it is painted: it may have to be broken into several before. */
export interface Told {
  readonly text: string;
  readonly paint: (text: string) => string;
  /** It says how something ended: nothing more has to be said of it. */
  readonly verdict?: true;
}

const same = (text: string): string => text;

/** What a step attached, in lines for somebody who watches; nothing for what says nothing to them. */
export function toldAttachment(attachment: Attachment, style: Style): Told[] {
  const { faults, budgets, identities, texts } = sortAttachments([attachment], 0);
  return [
    ...faults.flatMap(({ evidence }): Told[] => (evidence === undefined ? [] : [{ text: `seen: ${printable(evidence)}`, paint: same, verdict: true }])),
    ...budgets.map(({ what, tookMs, budgetMs }): Told => {
      const kept = tookMs <= budgetMs;
      return { text: `${kept ? '✓' : '✗'} ${printable(what)}: ${formatDuration(tookMs)}, promised within ${formatDuration(budgetMs, 's')}`, paint: kept ? style.good : style.bad, verdict: true };
    }),
    ...identities.flatMap((one) => toldIdentities(one, style)),
    ...texts.filter(({ name }) => name === 'log').flatMap(({ text }) => printable(text).split('\n')).map((text): Told => ({ text, paint: same })),
  ];
}

interface Row {
  readonly cells: readonly string[];
  readonly same: boolean;
}

const word = (value: unknown): string => (typeof value === 'string' ? printable(value) : '');
/** Enough to tell UIDs apart. */
const uidChars = 8;

/** Who was who, and who is: the Pods, then the nodes, each as a table. */
function toldIdentities({ before, after }: IdentityAttachment, style: Style): Told[] {
  const rowsOf = (kind: string, key: string, value: string, cells: (was: IdentityAttachment['before'][number]) => string[]): Row[] =>
    before.filter((was) => was['kind'] === kind).map((was) => {
      const is = after.find((one) => one['kind'] === kind && one[key] === was[key]);
      return { cells: [...cells(was), word(was[value]), word(is?.[value]) || 'gone'], same: is !== undefined && is[value] === was[value] };
    });
  const pods = rowsOf('pod', 'uid', 'ip', ({ name, uid, node }) => [word(name), word(uid).slice(0, uidChars), word(node)]);
  const nodes = rowsOf('node', 'name', 'vtepMac', ({ name }) => [word(name)]);
  return [
    ...tableOf(['Pod', 'UID', 'node', 'IP before', 'IP now', ''], pods, style),
    ...tableOf(['node', 'flannel.1 before', 'flannel.1 now', ''], nodes, style),
  ];
}

function tableOf(head: readonly string[], rows: readonly Row[], style: Style): Told[] {
  if (rows.length === 0) return [];
  const [first = '', ...lines] = table(head, rows.map(({ cells, same: kept }) => [...cells, kept ? '✓' : '✗'])).split('\n');
  const good = (line: string): string => line.replace(/✓$/, style.good('✓'));
  return [{ text: first, paint: style.faint }, ...lines.map((text, index): Told => ({ text, paint: rows[index]!.same ? good : style.bad }))];
}
