@tunnel @one-site
Feature: A tunnel over a bad link is slow at most, and never wrong
  Links to the edge are satellites, mobile networks and lines that many share. They are slow, they break off in the middle, and some
  let packets through one way only. Whoever runs kubectl gets all that was said, or an error.

  Background:
    Given an application "app" on the edge node

  @tunnel-slow-link @stock:EXEC_UNREACHABLE
  Scenario: Over a link that is slow and thin what runs goes on, and what is new comes whole
    Why: a tunnel that takes a slow link for a dead one leaves a node without a lifeline just when somebody looks into why it is slow.
    Bug: SuperEdge #275: large output hung the tunnel.

    Given kubectl exec of a command in "app" returns its stdout, its stderr and its exit code 7, within 5 s
    And kubectl logs -f of "app" runs, and has shown its lines within 5 s
    When all that goes over the WAN of the site comes 200 to 400 ms later, and each connection gets 64 KB a second
    Then 200000 bytes piped through cat in "app" over WebSocket come back the same, within 20 s
    And kubectl exec of a command in "app" returns its stdout, its stderr and its exit code 7, within 10 s
    When "app" writes the line "written over a slow link"
    Then the followed log shows "written over a slow link" within 5 s

  @tunnel-cut-midstream @stock:EXEC_UNREACHABLE
  Scenario: An answer that the link breaks in its middle ends with an error, and the next one comes
    Why: half of a backup that passes for the whole of it is found out on the day when it is needed.
    Bug: apiserver-network-proxy #261: a kubectl cp of 57 MB hung.

    Given kubectl exec of a command in "app" returns its stdout, its stderr and its exit code 7, within 5 s
    And it is known in which containers the tunnel runs
    When each connection over the WAN of the site ends when it has carried 100 KB one way
    Then 500000 bytes that kubectl exec in "app" prints break off within 10 s, with a non-zero exit code and a sentence
    And kubectl exec in "app" works again, 3 times in a row, within 10 s
    When connections over the WAN of the site last again
    Then 500000 bytes piped through cat in "app" over SPDY come back the same, within 10 s
    And the tunnel runs in the same containers as before

  @tunnel-one-way @stock:EXEC_UNREACHABLE
  Scenario Outline: A link over which nothing gets <from here to there> is found out by both ends, and what ran over it ends
    Why: one end hears and the other does not, and each of them must find out by itself that nobody is answered.
    Bug: apiserver-network-proxy #152: dials went on to an agent that was gone.

    Given kubectl exec, attach, logs -f and port-forward of "app" run, all of which work within 5 s
    When nothing gets <from here to there> any more
    Then kubectl exec, attach and port-forward end within 16 s, with a non-zero exit code and a sentence
    And the followed log ends within 16 s
    And kubectl logs of "app" fails within 5 s with an error that names the node
    When all gets over the WAN of the site again
    Then kubectl logs of "app" shows the lines it wrote again, within 5 s

    Examples:
      | from here to there         |
      | from the site to the cloud |
      | from the cloud to the site |

  @tunnel-late-end @stock:LOGS_UNREACHABLE
  Scenario: A node that is back before the cloud has heard of its end is there at once, and the late end takes nothing with it
    Why: what stands between may hold a closed connection for seconds; a device that is back must not be kept out by its own past, nor fall with it.
    Bug: frp #3279: a client that came back was refused for 60 to 90 s, until the server had given up the connection of before.

    Given a kubectl logs -f of "app" runs through the session that there is, and has shown its lines within 5 s
    When who closes a connection over the WAN of the site is heard 3 s later
    Then kubectl exec of a command in "app" returns its stdout, its stderr and its exit code 7, within 2 s
    When all connections of the site over its WAN are reset, of which the cloud does not hear yet, and kubectl exec in "app" works within 3 s
    Then kubectl logs -f of "app" runs, and has shown its lines within 3 s
    And kubectl exec in "app" works, whenever it is asked, until 1 s after the end of the old session, which comes within 6 s
    When "app" writes the line "written after the late end"
    Then the followed log shows "written after the late end" within 2 s
