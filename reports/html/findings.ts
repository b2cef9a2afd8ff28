import type { BudgetAttachment, Identity, IdentityAttachment } from '../attachments.ts';
import type { TextReport } from '../case-attachments.ts';
import type { ErrorReport } from '../outcome.ts';
import { lane } from './lanes.ts';
import { html, type Child, type Markup } from './markup.ts';
import { shownMs } from './words.ts';

export function errorBlock(error: ErrorReport): Markup {
  return html`<div class="error">
${error.code === undefined ? html`<p class="code">${error.type}</p>` : html`<p class="code bad">${error.code}</p>`}
<pre class="message">${error.message}</pre>
${error.causes.length > 0 && html`<ol class="causes">${error.causes.map((cause) => html`<li>because: ${cause}</li>`)}</ol>`}
${error.stack !== undefined && html`<details class="plain"><summary>Stack trace</summary><pre>${error.stack}</pre></details>`}
</div>`;
}

export function budgetTable(budgets: readonly BudgetAttachment[]): Child {
  if (budgets.length === 0) return undefined;
  // What is done fifty times, as kubectl exec to measure it, has one line.
  const rows = [...Map.groupBy(budgets, ({ what, budgetMs }) => `${what} ${budgetMs}`).values()].map((same) => {
    const [{ what, budgetMs }, times] = [same[0]!, same.map((one) => one.tookMs)];
    const [least, most] = [Math.min(...times), Math.max(...times)];
    const over = most > budgetMs;
    const scaleMs = Math.max(budgetMs, most, 1);
    const bar = lane([{ from: 0, to: Math.min(most, budgetMs), look: 'bar good' }, ...(over ? [{ from: budgetMs, to: most, look: 'bar bad' }] : [])], scaleMs);
    return html`<tr><th scope="row">${what}${same.length > 1 && html` <small>${same.length} times</small>`}</th><td>took ${same.length > 1 && `${shownMs(least)} to `}${shownMs(most)} of ${shownMs(budgetMs)}${over && html` <em>over</em>`}</td><td class="scale">${bar}</td></tr>`;
  });
  return html`<h5>Time budgets</h5><table class="facts budgets">${rows}</table>`;
}

export function identityTables(changes: readonly IdentityAttachment[]): Child {
  return changes.length > 0 && html`<h5>Identities, before and after</h5>${changes.map(identityTable)}`;
}

const named = ['kind', 'namespace', 'name'];
const nameOf = (identity: Identity): string => named.map((key) => identity[key]).filter((part) => part !== undefined && part !== '').join(' ');

function identityTable({ before, after }: IdentityAttachment): Markup {
  const names = [...new Set([...before, ...after].map(nameOf))];
  const rows = names.flatMap((name) => {
    const was = before.find((identity) => nameOf(identity) === name);
    const is = after.find((identity) => nameOf(identity) === name);
    const keys = [...new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})])].filter((key) => !named.includes(key));
    return keys.map((key, index) => {
      const old = was === undefined ? 'not there' : shown(was[key]);
      const now = is === undefined ? 'not there' : shown(is[key]);
      const changed = old !== now;
      return html`<tr class="${changed ? 'changed' : ''}">${index === 0 && html`<th scope="rowgroup" rowspan="${keys.length}">${name}</th>`}<td>${key}</td><td><code>${old}</code></td><td><code>${now}</code></td><td>${changed ? html`<em>changed</em>` : 'same'}</td></tr>`;
    });
  });
  return html`<div class="wide"><table class="facts identities"><thead><tr><th scope="col">who</th><th scope="col"></th><th scope="col">before</th><th scope="col">after</th><th scope="col"></th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

const shown = (value: Identity[string] | undefined): string => (value === undefined || value === null ? '—' : String(value));

/** What was logged line by line is one text: steps tell how far they are. */
export function textBlocks(texts: readonly TextReport[]): Child {
  const blocks: TextReport[] = [];
  for (const text of texts) {
    const last = blocks.at(-1);
    if (text.name === 'log' && last?.name === 'log') blocks[blocks.length - 1] = { name: 'log', text: `${last.text}\n${text.text}` };
    else blocks.push(text);
  }
  return blocks.map(({ name, text }) => html`<details class="plain"><summary>${name}</summary><pre>${text}</pre></details>`);
}

/**
 * Links to files in the run's folder; they work while the report stays in it.
 *
 * @param folder left out of what is shown of each path.
 */
export function logLinks(logs: readonly string[], folder: string): Child {
  if (logs.length === 0) return undefined;
  const rest = logs.length - maxLinks;
  return html`<h5>Logs</h5><ul class="links">${logs.slice(0, maxLinks).map((path) => html`<li><a href="${hrefOf(path)}">${path.slice(folder.length)}</a></li>`)}${rest > 0 && html`<li>and ${rest} more in ${folder}</li>`}</ul>`;
}

const maxLinks = 100;
export const hrefOf = (path: string): string => path.split('/').map(encodeURIComponent).join('/');
