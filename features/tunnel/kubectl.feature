@tunnel
Feature: kubectl works for Pods at the edge
  The cloud cannot dial an edge node. What an operator types must work all the same, through a tunnel that the edge
  dialled, and when the link is down it must say so at once.

  Background:
    Given an application "app" on the edge node

  @tunnel-logs @stock:LOGS_UNREACHABLE
  Scenario: kubectl logs shows every line that a Pod at the edge wrote
    Why: logs are the first thing that anyone asks of a device in the field.
    Bug: OpenYurt #1496: one of three tunnel servers had the agent, so logs failed now and then.

    Then kubectl logs of "app" shows the lines it wrote, within 5 s

  @tunnel-exec-exit-code @stock:EXEC_UNREACHABLE
  Scenario: kubectl exec returns what the command printed and its exit code
    Why: scripts decide by the exit code; one that is lost turns a failed check into a passed one.
    Bug: KubeEdge #3417: exec hung when the edge stopped.

    Then kubectl exec of a command in "app" returns its stdout, its stderr and its exit code 7, within 5 s

  @tunnel-exec-stdin @stock:EXEC_UNREACHABLE
  Scenario: kubectl exec passes stdin through to its end
    Why: restoring a file or a database is a pipe into exec; a stream that ends early or never destroys data or hangs the job.
    Bug: Kubernetes #89899: the end of stdin did not come through over WebSocket, so the command waited for ever.

    Then 1048576 bytes piped into kubectl exec of "app" arrive with the same checksum, within 10 s

  @tunnel-outage @stock:LOGS_UNREACHABLE
  Scenario: With the WAN down kubectl logs fails at once and says why, and works again by itself
    Why: an operator who waits for a time-out at 3 a.m. cannot tell a dead link from a dead node.
    Bug: SuperEdge #501: a dial that failed at the edge was not told to the cloud, so kubectl hung.

    Given kubectl logs of "app" shows the lines it wrote, within 5 s
    When the WAN of the site is down
    Then kubectl logs of "app" fails within 5 s with an error that names the node
    When the WAN of the site is back
    Then kubectl logs of "app" shows the lines it wrote again, within 10 s
