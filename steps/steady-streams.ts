import { setTimeout as sleep } from 'node:timers/promises';
import { Given, Then, type DataTable } from '@cucumber/cucumber';
import { allDone } from '../core/all-done.ts';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { podsOn } from '../harness/probes/pods-on-node.ts';
import { SteadyStream } from '../harness/probes/steady-stream.ts';
import { serviceUrlOf } from './support/apps.ts';
import { rowsOf } from './support/table.ts';
import type { EdgeWorld } from './support/world.ts';

Given('these ask each other ten times a second from now on:', async function (this: EdgeWorld, table: DataTable) {
  const rows = rowsOf(table, { from: 'text', to: 'text', by: ['pings of its address', 'requests to its Service'] });
  await allDone(rows.map(async ({ from, to, by }) => {
    const [source, target] = [this.app(from), this.app(to)];
    const pod = (await podsOn(this.docker, source.node, this.signal)).find(({ uid }) => uid === source.uid);
    if (pod === undefined) throw new CannotTellError('NO_CONTAINER', `${source.pod} is not on ${source.node}`);
    const stream = by === 'pings of its address'
      ? await SteadyStream.ofPings(this.docker, pod, target.ip, this.signal)
      : await SteadyStream.ofRequests(this.docker, pod, serviceUrlOf(target), target.uid, this.signal);
    const name = `${from} → ${to} by ${by}`;
    this.streams.set(name, stream);
    this.undos.add(name, async () => await stream[Symbol.asyncDispose]());
  }));
});

Then('for {int} s more none of what they ask is lost', async function (this: EdgeWorld, seconds: number) {
  if (this.streams.size === 0) throw new CannotTellError('NO_STREAMS', 'no step has made anything ask anything');
  // One that has ended meanwhile may have seen a loss: each is asked for what it knows.
  await sleep(seconds * 1000, undefined, { signal: this.signal });
  const reports = await allDone([...this.streams].map(async ([name, stream]) => {
    const report = { name, ...(await stream.end()) };
    this.samples.replace(name, stream.samples);
    return report;
  }));
  this.streams.clear();
  void this.attach(reports.map(({ name, sent, lost }) => `${name}: ${sent} sent, ${lost.length} lost`).join('\n'), 'text/plain');
  const lossy = reports.filter(({ lost }) => lost.length > 0).map(({ name, sent, lost, why }) => `${name}: ${lost.length} of ${sent}, number ${lost.slice(0, 10).join(', ')}${why === undefined ? '' : ` (${why})`}`);
  if (lossy.length > 0) throw new PromiseBroken('PACKETS_LOST', `what was asked ten times a second was lost: ${lossy.join('; ')}`);
});
