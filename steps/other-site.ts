import { Given, Then } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { noticed, watchOtherSite } from './support/other-site.ts';
import type { EdgeWorld } from './support/world.ts';

Given('two applications of another site ask each other again and again', async function (this: EdgeWorld) {
  this.otherSite = await watchOtherSite(this, ['far', 'far peer']);
});

Then('the other site has noticed nothing: every question was answered, no container was replaced, and no node outside the site was not Ready', async function (this: EdgeWorld) {
  if (this.otherSite === undefined) throw new CannotTellError('NOT_WATCHED', 'no step has watched another site');
  const seen = await noticed(this, this.otherSite);
  if (seen.noticed.length > 0) throw new PromiseBroken('OTHER_SITE_DISTURBED', seen.noticed.join('; '));
  const { pods } = this.otherSite.snapshot;
  this.log(`${this.otherSite.node}: all of ${seen.asked} questions answered, the slowest after ${seen.slowestSeconds.toFixed(1)} s; the same containers in ${pods.length} Pods; ${this.otherSite.readySince.size} nodes outside the site Ready throughout`);
});
