@tunnel
Feature: kubectl works for Pods at the edge
  The cloud cannot dial an edge node. What an operator types must work all the same, through a tunnel that the edge
  dialled.

  Background:
    Given an application "app" on the edge node

  @tunnel-logs @stock:LOGS_UNREACHABLE @side-by-side
  Scenario: kubectl logs shows every line that a Pod at the edge wrote
    Why: logs are the first thing that anyone asks of a device in the field.
    Bug: OpenYurt #1496: one of three tunnel servers had the agent, so logs failed now and then.

    Then kubectl logs of "app" shows the lines it wrote, within 5 s

  @tunnel-logs-large @stock:LOGS_UNREACHABLE @one-site
  Scenario: kubectl logs brings megabytes of log whole
    Why: the line that explains a failure is somewhere in the middle of a long log.
    Bug: SuperEdge #275: large output hung the tunnel.

    Given kubectl logs of "app" shows the lines it wrote, within 5 s
    When "app" writes 60000 lines of 100 bytes
    Then kubectl logs of "app" has them all, in order, within 15 s

  @tunnel-logs-follow @stock:LOGS_UNREACHABLE @side-by-side
  Scenario: kubectl logs -f shows lines while they are written
    Why: an operator watches what a device does while a technician on site works on it.
    Bug: KubeEdge #3232: following ended badly, and a killed one left a busy loop behind.

    Given kubectl logs -f of "app" runs, and has shown its lines within 5 s
    When "app" writes the line "written while followed"
    Then the followed log shows "written while followed" within 2 s

  @tunnel-logs-previous @stock:LOGS_UNREACHABLE @side-by-side
  Scenario: kubectl logs --previous shows what a killed container had written
    Why: why it died stands in the log of the container that is gone.
    Bug: seen on plain Kubernetes: the API server cannot dial the node, and the request times out.

    Given kubectl logs of "app" shows the lines it wrote, within 5 s
    When the container of "app" is killed
    Then "app" runs again within 30 s as the same Pod
    And kubectl logs --previous of "app" shows the lines it wrote, within 5 s

  @tunnel-exec-exit-code @stock:EXEC_UNREACHABLE @side-by-side
  Scenario Outline: kubectl exec returns what the command printed and its exit code, over <transport>
    Why: scripts decide by the exit code; one that is lost turns a failed check into a passed one.
    Bug: KubeEdge #3417: exec hung when the edge stopped.

    Then kubectl exec of a command in "app" over <transport> returns its stdout, its stderr and its exit code 7, within 5 s

    Examples:
      | transport |
      | WebSocket |
      | SPDY      |

  @tunnel-exec-stdin @stock:EXEC_UNREACHABLE @side-by-side
  Scenario Outline: kubectl exec passes stdin through to its end, over <transport>
    Why: restoring a file or a database is a pipe into exec; a stream that ends early or never destroys data or hangs the job.
    Bug: Kubernetes #89899: the end of stdin did not come through over WebSocket, so the command waited for ever.

    Then 1048576 bytes piped into kubectl exec of "app" over <transport> arrive with the same checksum, within 5 s

    Examples:
      | transport |
      | WebSocket |
      | SPDY      |

  @tunnel-exec-binary @stock:EXEC_UNREACHABLE @one-site
  Scenario Outline: kubectl exec carries megabytes of any bytes both ways at once, over <transport>
    Why: a backup is a pipe out of exec, and a tunnel that waits for one direction before the other stands still.
    Bug: rust-yamux #102: both sides were blocked writing.

    Given kubectl exec of a command in "app" over <transport> returns its stdout, its stderr and its exit code 0, within 5 s
    Then 16777216 bytes piped through cat in "app" over <transport> come back the same, within 20 s

    Examples:
      | transport |
      | WebSocket |
      | SPDY      |

  @tunnel-exec-tty @stock:EXEC_UNREACHABLE @side-by-side
  Scenario Outline: kubectl exec -it has a terminal whose size follows the operator's window, over <transport>
    Why: an editor or top on a device is unusable on a terminal of the wrong size.
    Bug: seen on plain Kubernetes: exec does not reach the node at all.

    Then kubectl exec -it in "app" over <transport> sees a terminal of 31 rows and 101 columns, and its resize to 42 rows and 120 columns, within 5 s

    Examples:
      | transport |
      | WebSocket |
      | SPDY      |

  @tunnel-attach @stock:EXEC_UNREACHABLE @side-by-side
  Scenario Outline: kubectl attach shows what the container writes, over <transport>
    Why: a process that was started by hand is watched and answered by attaching to it.
    Bug: seen on plain Kubernetes: attach does not reach the node at all.

    Then kubectl attach to "app" over <transport> shows "written while attached" when it is written, within 5 s

    Examples:
      | transport |
      | WebSocket |
      | SPDY      |

  @tunnel-cp @stock:EXEC_UNREACHABLE
  Scenario: kubectl cp of 100 MB brings every byte, in both directions
    Why: firmware goes down to devices this way, and core dumps come up.
    Bug: apiserver-network-proxy #261: kubectl cp of 57 MB hung.

    Given kubectl exec of a command in "app" returns its stdout, its stderr and its exit code 0, within 5 s
    Then a file of 100000000 bytes copied into "app" and back by kubectl cp has the same checksum, within 60 s each

  @tunnel-debug @stock:EXEC_UNREACHABLE @side-by-side
  Scenario: kubectl debug puts a container beside the application and shows what it prints
    Why: images for devices have no shell; what is wrong is found from a container beside them.
    Bug: seen on plain Kubernetes: the container starts, and nobody can attach to it.

    Given kubectl exec of a command in "app" returns its stdout, its stderr and its exit code 0, within 5 s
    Then kubectl debug of "app" prints what its container prints, within 20 s

  @tunnel-port-forward @stock:PORT_FORWARD_UNREACHABLE @side-by-side
  Scenario Outline: kubectl port-forward carries many connections, and one that is reset harms no other, over <transport>
    Why: a browser opens a dozen connections to a device's page and drops some at will.
    Bug: kubectl #1620: port-forward died after one connection was reset.

    Given kubectl port-forward to "app" over <transport> answers within 5 s
    When one of its connections is reset
    Then 20 connections through it at once are all answered by "app", within 10 s

    Examples:
      | transport |
      | WebSocket |
      | SPDY      |

  @tunnel-node-proxy @stock:NODE_UNREACHABLE @side-by-side
  Scenario: The API server's proxy reaches the kubelet of an edge node
    Why: monitoring and support tools read a node's configuration and metrics by this way.
    Bug: OpenYurt #379: what reads kubelets from the cloud got nothing.

    Then the API server's proxy to the edge node answers "ok" at healthz, within 5 s

  @tunnel-pod-proxy @stock:POD_UNREACHABLE @side-by-side
  Scenario: The API server's proxy reaches a Pod at the edge
    Why: a device's page is looked at without a port-forward; dashboards are built on this.
    Bug: seen on plain Kubernetes: the API server dials the Pod's address, to which the cloud has no way.

    Then the API server's proxy to "app" is answered by it, within 5 s

  @tunnel-top @stock:TOP_UNKNOWN @side-by-side
  Scenario: kubectl top shows edge nodes and their Pods
    Why: autoscalers and capacity reports read the same figures; a node without any looks idle or dead.
    Bug: OpenYurt #379: kubectl top said unknown for edge nodes.

    Then kubectl top shows the edge node and a Pod on it, within 5 s, or 30 s after a start of metrics-server, the tunnel or the kubelet, or the end of a fault
