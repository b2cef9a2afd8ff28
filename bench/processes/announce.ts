/** Tells the benchmark that started this process where it listens, answers its questions, and ends when it has gone. */
export function announce(facts: object, questions: Readonly<Record<string, () => unknown>> = {}): void {
  process.on('message', (question: string) => {
    const answer = questions[question]?.();
    process.send?.({ question, answer });
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ ready: facts });
}

/** Bytes, after a collection: started with --expose-gc. */
export function memory(): { rss: number; heap: number } {
  const collect = (globalThis as { gc?: () => void }).gc;
  collect?.();
  collect?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heap: heapUsed };
}
