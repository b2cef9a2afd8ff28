@tunnel
Feature: A tunnel whose link breaks says so at once and comes back by itself
  With the link down the tunnel may fail. It must not hang, it must not pretend, and nobody must have to restart it.

  Background:
    Given an application "app" on the edge node

  @tunnel-outage @stock:LOGS_UNREACHABLE
  Scenario: With the WAN down kubectl logs fails at once and says why, and works again by itself
    Why: an operator who waits for a time-out at 3 a.m. cannot tell a dead link from a dead node.
    Bug: SuperEdge #501: a dial that failed at the edge was not told to the cloud, so kubectl hung.

    Given kubectl logs of "app" shows the lines it wrote, within 5 s
    When the WAN of the site is down
    Then kubectl logs of "app" fails within 5 s with an error that names the node
    When the WAN of the site is back
    Then kubectl logs of "app" shows the lines it wrote again, within 5 s

  @tunnel-cut-streams @stock:EXEC_UNREACHABLE
  Scenario: When the WAN goes down, what was running through it ends with an error
    Why: a script that waits for a cut-off exec waits for ever, and one that takes its end for success goes on with half the data.
    Bug: KubeEdge #3417: exec hung when the edge stopped.

    Given a long kubectl exec in "app", a followed log and a port-forward, all of which work within 5 s
    When the WAN of the site is down
    Then the kubectl exec ends within 3 s, with a non-zero exit code and a sentence
    And the followed log ends within 3 s
    And the forwarded port refuses or ends new connections within 3 s

  @tunnel-blackhole @stock:EXEC_UNREACHABLE
  Scenario: A WAN that swallows everything is found out, and what ran through it ends
    Why: mobile links and firewalls drop packets without a word; no socket tells of it.
    Bug: konnectivity #152: dials went on to an agent that was gone.

    Given a long kubectl exec in "app", a followed log and a port-forward, all of which work within 5 s
    When the WAN of the site swallows everything
    Then kubectl logs of "app" fails within 5 s with an error that names the node
    And the kubectl exec ends within 18 s, with a non-zero exit code and a sentence
    When the WAN of the site swallows nothing any more
    Then kubectl logs of "app" shows the lines it wrote again, within 5 s

  @tunnel-elsewhere @needs-two-sites @stock:LOGS_UNREACHABLE
  Scenario: With the WAN of one site down, kubectl works for the other site
    Why: one broken link must not cost the fleet its lifeline.
    Bug: konnectivity #268: dials that failed stalled all others.

    Given an application "far" on an edge node of another site
    And kubectl logs of "far" shows the lines it wrote, within 5 s
    When the WAN of the site is down
    Then kubectl logs of "far" shows the lines it wrote, 10 times in a row, within 5 s each

  @tunnel-cloud-egress @baseline
  Scenario: An aggregated API and a webhook in the cloud answer while a site is cut off
    Why: what the API server dials in the cloud must not depend on a link to the edge; a webhook that fails blocks every change.
    Bug: konnectivity #276: the way of all the API server's traffic leaked until it stood still.

    Given a webhook that marks ConfigMaps, served in the cloud
    When the WAN of the site is down
    Then a new ConfigMap is marked by the webhook within 10 s
    And the metrics API answers within 60 s
