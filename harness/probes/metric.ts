import { CannotTellError } from '../../core/errors.ts';
import type { Docker } from '../docker/docker.ts';

const timeoutMs = 10_000;

/**
 * The value of a Prometheus metric, the sum of its series, read by a node: no API server and no tunnel has a part in it.
 *
 * @param metric its name, and one of its labels if only such series are meant: `open{kind="socket"}`
 * @param url for example `http://127.0.0.1:9090/metrics`
 * @throws CannotTellError `NO_METRIC`
 */
export async function readMetric(docker: Docker, node: string, url: string, metric: string, signal?: AbortSignal): Promise<number> {
  const { stdout, stderr } = await docker.exec(node, ['curl', '--silent', '--show-error', '--fail', '--noproxy', '*', '--max-time', '5', url], { accept: 'any', timeoutMs, ...(signal && { signal }) });
  const [, wanted, label] = /^([\w:]+)(?:\{(.*)\})?$/.exec(metric) ?? [];
  // https://prometheus.io/docs/instrumenting/exposition_formats/: name{labels} value [timestamp]
  const values = stdout.split('\n').flatMap((line) => {
    const [, name, labels, value] = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    return name === wanted && (label === undefined || labels?.includes(label) === true) ? [Number(value)] : [];
  });
  if (values.length === 0) throw new CannotTellError('NO_METRIC', `${node} reads no ${metric} at ${url}: ${stderr.trim() || 'it is not among what is told there'}`);
  return values.reduce((sum, value) => sum + value, 0);
}
