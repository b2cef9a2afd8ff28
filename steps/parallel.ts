import { setParallelCanAssign } from '@cucumber/cucumber';
import { isControl, runsSideBySide } from './support/side-by-side.ts';

setParallelCanAssign((pickle, running) => {
  const beside = ({ tags }: typeof pickle): boolean => runsSideBySide(tags.map(({ name }) => name), isControl());
  return running.length === 0 || [pickle, ...running].every(beside);
});
