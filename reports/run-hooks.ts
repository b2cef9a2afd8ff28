import { msOf, type Messages } from './messages.ts';
import { readException, type ErrorReport, type StepStatus } from './outcome.ts';

/** A hook of the whole run. */
export interface RunHookReport {
  readonly name: string;
  readonly status: StepStatus;
  readonly ms: number;
  readonly error?: ErrorReport;
}

export function readRunHooks(messages: Messages): RunHookReport[] {
  return messages.runHooksStarted.map((started): RunHookReport => {
    const hook = messages.hooks.get(started.hookId);
    const kind = hook?.type === 'AFTER_TEST_RUN' ? 'AfterAll' : 'BeforeAll';
    const name = hook?.name === undefined ? `The ${kind} hook` : `${kind} "${hook.name}"`;
    const finished = messages.runHooksFinished.find(({ testRunHookStartedId }) => testRunHookStartedId === started.id);
    if (finished === undefined) return { name, status: 'unfinished', ms: 0 };
    const { status, duration, exception } = finished.result;
    return { name, status: status.toLowerCase() as StepStatus, ms: msOf(duration), ...(exception === undefined ? {} : { error: readException(exception) }) };
  });
}
