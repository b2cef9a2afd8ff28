import { reportFiles } from '../facts.ts';
import type { Report } from '../model.ts';
import { logsFolder, messagesFile, runFile, type Run } from '../run.ts';
import { hrefOf } from './findings.ts';
import { axis, lane } from './lanes.ts';
import { html, type Child, type Markup } from './markup.ts';
import { shownFact, shownKey, shownMs } from './words.ts';

/** Where the time went, phase by phase. */
export function phases({ run }: Report): Child {
  const first = run.phases[0];
  if (first === undefined) return undefined;
  const startMs = Date.parse(first.startedAt);
  const spans = run.phases.map(({ name, startedAt, ms }) => ({ name, ms, from: Date.parse(startedAt) - startMs }));
  const totalMs = Math.max(1, ...spans.map(({ from, ms }) => from + ms));
  return html`<section><h2>Where the time went</h2><div class="timeline phases" role="table" aria-label="Phases of the run">
${spans.map(({ name, ms, from }) => html`<div class="row" role="row"><span role="cell" class="what">${name}</span><span role="cell" class="ms">${shownMs(ms)}</span><span role="cell" class="scale">${lane([{ from, to: from + ms, look: 'bar phase' }], totalMs, 'grid-of-phases')}</span></div>`)}
<div class="row foot" aria-hidden="true"><span></span><span></span><span class="scale">${axis(totalMs, 'grid-of-phases')}</span></div>
</div></section>`;
}

/** What was graded, on what, and where the rest of the run is. */
export function surroundings(report: Report): Markup {
  const { run } = report;
  const general = report.logs.filter((path) => path.split('/').length === 2);
  return html`<section class="columns">
${facts('Versions', Object.entries({ edgeproof: `${run.edgeproof.version}${run.edgeproof.commit === undefined ? '' : ` (${run.edgeproof.commit})`}`, ...run.versions }))}
${facts('Host', Object.entries(run.host).map(([key, value]) => [shownKey(key), shownFact(key, value)]))}
${facts(`Topology ${run.topology.name}`, topologyFacts(run))}
<div><h2>Files</h2><ul class="links">${[reportFiles.conformance, reportFiles.junit, messagesFile, runFile].map(link)}${report.logs.length > 0 && html`<li><a href="${logsFolder}/">${logsFolder}/</a></li>`}${general.map(link)}</ul></div>
</section>`;
}

const link = (path: string): Markup => html`<li><a href="${hrefOf(path)}">${path}</a></li>`;

const facts = (title: string, entries: readonly (readonly [string, string])[]): Markup =>
  html`<div><h2>${title}</h2><dl class="about">${entries.map(([key, value]) => html`<div><dt>${key}</dt><dd>${value}</dd></div>`)}</dl></div>`;

function topologyFacts({ topology }: Run): [string, string][] {
  const { cloud, sites, interSite, overlay } = topology;
  return [
    ['cloud', `${cloud.controlPlanes} control plane, ${cloud.workers} worker${cloud.workers === 1 ? '' : 's'}`],
    ...sites.map(({ name, nodes, wan }): [string, string] => [`site ${name}`,
      `${nodes.map(({ deviceClass, architecture }) => `${deviceClass} ${architecture}`).join(', ')}; WAN ${wan.latencyMs} ms ± ${wan.jitterMs} ms${wan.bandwidthKbps === undefined ? '' : `, ${wan.bandwidthKbps} kbit/s`}`]),
    ['between sites', interSite === 'deny' ? 'nothing passes' : 'everything passes'],
    ['overlay', `${overlay.backend}, Pods ${overlay.podSubnet}, Services ${overlay.serviceSubnet}`],
  ];
}
