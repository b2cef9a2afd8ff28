import type { DataTable } from '@cucumber/cucumber';
import { CannotTellError } from '../../core/errors.ts';

/** What the columns of a table may hold: any text, or one of these. */
export type Columns = Readonly<Record<string, 'text' | readonly string[]>>;
type Row<C extends Columns> = { readonly [K in keyof C]: C[K] extends readonly (infer Word)[] ? Word : string };

/**
 * The rows of a feature's data table, by column.
 *
 * @throws CannotTellError `TABLE` for a missing or unknown column, an empty cell or an unknown word, and for no row at all: a
 * misspelt word would quietly ask for less than the feature says.
 */
export function rowsOf<const C extends Columns>(table: Pick<DataTable, 'raw'>, columns: C): Row<C>[] {
  const [head = [], ...rows] = table.raw();
  const wanted = Object.keys(columns);
  if (head.length !== wanted.length || wanted.some((name) => !head.includes(name))) throw new CannotTellError('TABLE', `the table has the columns ${head.join(', ')}, not ${wanted.join(', ')}`);
  if (rows.length === 0) throw new CannotTellError('TABLE', 'the table has no row');
  return rows.map((cells) => Object.fromEntries(cells.map((cell, index) => {
    const column = head[index] ?? '';
    const words = columns[column];
    if (cell === '' || (Array.isArray(words) && !words.includes(cell))) {
      throw new CannotTellError('TABLE', `the table's column ${column} holds "${cell}"`, Array.isArray(words) ? { next: `write one of: ${words.join(', ')}` } : {});
    }
    return [column, cell];
  })) as Row<C>);
}
