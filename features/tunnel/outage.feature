@tunnel
Feature: A tunnel whose link breaks says so at once and comes back by itself
  With the link down the tunnel may fail. It must not hang, it must not pretend, and nobody must have to restart it.
  Of a followed log only its end is asked, not its exit code: the API server of Kubernetes 1.37 drops the error of a log that
  breaks off, so kubectl ends with 0 whatever a tunnel does.

  Background:
    Given an application "app" on the edge node

  @tunnel-outage @stock:LOGS_UNREACHABLE @one-site
  Scenario: With the WAN down kubectl logs fails at once and says why, and works again by itself
    Why: an operator who waits for a time-out at 3 a.m. cannot tell a dead link from a dead node.
    Bug: SuperEdge #501: a dial that failed at the edge was not told to the cloud, so kubectl hung.

    Given kubectl logs of "app" shows the lines it wrote, within 5 s
    When the WAN of the site is down
    Then kubectl logs of "app" fails within 5 s with an error that names the node
    And kubectl exec in "app" fails within 5 s with an error that names the node
    When the WAN of the site is back
    Then kubectl logs of "app" shows the lines it wrote again, within 5 s
    And kubectl exec of a command in "app" returns its stdout, its stderr and its exit code 7, within 5 s

  @tunnel-cut-streams @stock:EXEC_UNREACHABLE @one-site
  Scenario: When the WAN goes down, what was running through it ends with an error
    Why: a script that waits for a cut-off exec waits for ever, and one that takes its end for success goes on with half the data.
    Bug: KubeEdge #3417: exec hung when the edge stopped.

    Given kubectl exec, attach, logs -f and port-forward of "app" run, all of which work within 5 s
    When the WAN of the site is down
    Then kubectl exec, attach and port-forward end within 1 s, with a non-zero exit code and a sentence
    And the followed log ends within 1 s

  @tunnel-reset @stock:EXEC_UNREACHABLE @one-site
  Scenario: When the connections over the WAN are reset, what ran through it ends with an error, and kubectl works again
    Why: a router, a NAT or a firewall that restarts forgets its connections while the link is as good as before.
    Bug: OpenYurt #1024: a port-forward was left with a broken pipe.

    Given kubectl exec, attach, logs -f and port-forward of "app" run, all of which work within 5 s
    When all connections of the site over its WAN are reset
    Then kubectl exec, attach and port-forward end within 1 s, with a non-zero exit code and a sentence
    And the followed log ends within 1 s
    And kubectl logs of "app" shows the lines it wrote again, within 5 s

  @tunnel-load-balancer @stock:EXEC_UNREACHABLE @one-site
  Scenario Outline: When the load balancer <is gone>, what ran through it ends with an error, nothing crashes, and all works again when it is back
    Why: load balancers are replaced, moved and deleted by mistake, and nobody drives out to restart the agents behind them.
    Bug: yamux #142: after a write had timed out, who read from the session waited for ever.

    Given kubectl exec, attach, logs -f and port-forward of "app" run, all of which work within 5 s
    And it is known in which containers the tunnel runs
    When the load balancer of the site <is gone>
    Then kubectl exec, attach and port-forward end within 1 s, with a non-zero exit code and a sentence
    And the followed log ends within 1 s
    And kubectl logs of "app" fails within 5 s with an error that names the node
    When the load balancer of the site is back
    Then kubectl logs of "app" shows the lines it wrote again, within 5 s
    And kubectl exec of a command in "app" returns its stdout, its stderr and its exit code 7, within 5 s
    And the tunnel runs in the same containers as before

    Examples:
      | is gone    |
      | is stopped |
      | is deleted |

  @tunnel-blackhole @stock:EXEC_UNREACHABLE @one-site
  Scenario: A WAN that swallows everything is found out, and what ran through it ends
    Why: mobile links and firewalls drop packets without a word; no socket tells of it.
    Bug: apiserver-network-proxy #152: dials went on to an agent that was gone.

    Given kubectl exec, attach, logs -f and port-forward of "app" run, all of which work within 5 s
    When the WAN of the site swallows everything
    Then kubectl logs of "app" fails within 5 s with an error that names the node
    And kubectl exec, attach and port-forward end within 16 s, with a non-zero exit code and a sentence
    And the followed log ends within 16 s
    When the WAN of the site swallows nothing any more
    Then kubectl logs of "app" shows the lines it wrote again, within 5 s

  @tunnel-ghost @stock:EXEC_UNREACHABLE @one-site
  Scenario: The end of a node's old session does not take the new one with it
    Why: a mobile link that drops and comes back leaves the cloud with a session that nobody is behind; when that is given up, the node must not be.
    Bug: apiserver-network-proxy #888: the teardown of the old session deleted the new one.

    Given an application on every edge node of the site, in which kubectl exec works within 5 s
    And kubectl logs -f of the application on every edge node of the site runs, and has shown its lines within 5 s
    When the site comes back at another address 3 times, of which the cloud does not hear, and kubectl exec works on every edge node of the site within 5 s each time
    Then kubectl exec works on every edge node of the site, whenever it is asked, until 3 s after the end of the old sessions, which comes within 16 s

  @tunnel-node-deleted @stock:EXEC_UNREACHABLE @one-site
  Scenario: When a Node is deleted, its live session is cut and stays cut, and it works again when the Node is there again
    Why: a device that was stolen or sold has a certificate for months to come; deleting its Node must put it out at once.
    Bug: seen in edgeproof's own tunnel with that taken out on purpose: what was open ran on.

    Given kubectl exec, attach, logs -f and port-forward of "app" run, all of which work within 5 s
    When the Node of the edge node is deleted
    Then kubectl exec, attach and port-forward end within 5 s, with a non-zero exit code and a sentence
    And the followed log ends within 5 s
    # An agent may wait for up to 10 s between two dials; Kubernetes deletes the Pods of such a Node after 40 s.
    And for 15 s the edge node has no session with the tunnel, whose agent is refused with a reason
    When the Node of the edge node is made again
    Then kubectl logs of "app" shows the lines it wrote again, within 10 s

  @tunnel-elsewhere @needs-two-sites @stock:LOGS_UNREACHABLE
  Scenario: With the WAN of one site down, kubectl works for the other site
    Why: one broken link must not cost the fleet its lifeline.
    Bug: apiserver-network-proxy #268: dials that failed stalled all others.

    Given an application "far" on an edge node of another site
    And kubectl logs of "far" shows the lines it wrote, within 5 s
    When the WAN of the site is down
    Then kubectl exec in "far" works, 10 times in a row, within 5 s each

  @tunnel-cloud-egress @baseline
  Scenario: An aggregated API and a webhook in the cloud answer while every site is cut off
    Why: what the API server dials in the cloud must not depend on a link to the edge; a webhook that fails blocks every change.
    Bug: apiserver-network-proxy #276: the way of all the API server's traffic leaked until it stood still.

    Given a webhook that marks ConfigMaps, served in the cloud
    When the WANs of all sites are down
    Then a new ConfigMap is marked by the webhook within 10 s
    And the metrics API answers within 60 s
