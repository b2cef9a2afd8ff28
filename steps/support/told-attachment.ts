import type { Attachment } from '@cucumber/messages';
import { formatDuration } from '../../core/duration.ts';
import { printable } from '../../core/printable.ts';
import { sortAttachments } from '../../reports/case-attachments.ts';
import type { IdentityAttachment } from '../../reports/attachments.ts';
import { table } from '../../core/table.ts';
import type { Style } from './style.ts';

/** What a step attached, in lines for somebody who watches; nothing for what says nothing to them. */
export function toldAttachment(attachment: Attachment, style: Style): string[] {
  const { faults, budgets, identities, texts } = sortAttachments([attachment], 0);
  return [
    ...faults.flatMap(({ evidence }) => (evidence === undefined ? [] : [style.deed(`seen: ${printable(evidence)}`)])),
    ...budgets.map(({ what, tookMs, budgetMs }) => {
      const said = `${printable(what)}: ${formatDuration(tookMs)}, promised within ${formatDuration(budgetMs, 's')}`;
      return tookMs <= budgetMs ? style.good(`✓ ${said}`) : style.bad(`✗ ${said}`);
    }),
    ...identities.flatMap((one) => toldIdentities(one, style)),
    ...texts.filter(({ name }) => name === 'log').flatMap(({ text }) => printable(text).split('\n')),
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
function toldIdentities({ before, after }: IdentityAttachment, style: Style): string[] {
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

function tableOf(head: readonly string[], rows: readonly Row[], style: Style): string[] {
  if (rows.length === 0) return [];
  const [first = '', ...lines] = table(head, rows.map(({ cells, same }) => [...cells, same ? '✓' : '✗'])).split('\n');
  return [style.faint(first), ...lines.map((line, index) => (rows[index]!.same ? `${line.slice(0, -1)}${style.good('✓')}` : style.bad(line)))];
}
