@tunnel
Feature: Users of the tunnel do not harm each other
  All of a node's streams share one link.

  Background:
    Given an application "app" on the edge node

  @tunnel-stalled-reader @stock:LOGS_UNREACHABLE
  Scenario: A reader that stops reading holds up nobody else, and its tunnel holds little for it
    Why: a followed log in a terminal that somebody paused must not stop the whole node's tunnel.
    Bug: apiserver-network-proxy #881: one slow client stalled the rest.

    Given kubectl logs -f of "app" runs, and has shown its lines within 5 s
    And it is known how long a kubectl exec and the last line of the log of "app" take
    And it is known how much memory the tunnel holds on the way to "app", and in which containers
    When the follower is stopped, and "app" writes 60000 lines of 100 bytes
    And a kubectl exec in "app" that writes without end is stopped
    Then a kubectl exec and the last line of the log of "app" take as long as before: half of them no longer than the longest then
    And 16777216 bytes piped through cat in "app" over WebSocket come back the same, within 20 s
    And no part of the tunnel on the way to "app" holds 64 MiB more than before
    And the tunnel runs in the same containers as before

  @tunnel-aborted @stock:LOGS_UNREACHABLE
  Scenario: Dozens of aborted logs and execs leave a tunnel that works
    Why: operators press Ctrl-C all day; each time something must be given back.
    Bug: apiserver-network-proxy #167: many Ctrl-C on logs -f wedged the agent.

    Given kubectl logs of "app" shows the lines it wrote, within 5 s
    And it is known how long a kubectl exec in "app" takes
    When 60 kubectl logs -f and exec of "app" are killed, each in another phase
    Then kubectl exec in "app" works, 10 times in a row, within 5 s each
    And kubectl exec of a command in "app" returns its stdout, its stderr and its exit code 7, within 5 s

  @tunnel-no-leak @stock:LOGS_UNREACHABLE
  Scenario: Hundreds of aborted logs and execs leave no files, streams, timers and memory behind, in the API server, the tunnel and the kubelet
    Why: what leaks a little each time is found after a week, by everybody at once.
    Bug: apiserver-network-proxy #276: the server leaked open files.

    Given kubectl logs of "app" shows the lines it wrote, within 5 s
    And it is known how long a kubectl exec in "app" takes
    And it is known what is held open on the way to "app"
    And it is known how much memory the tunnel holds on the way to "app", and in which containers
    When 500 kubectl logs -f and exec of "app" are killed, each in another phase
    Then at most 10 more of each is open there than before, within 15 s
    And no part of the tunnel on the way to "app" holds 24 MiB more than before, within 30 s
    And the tunnel runs in the same containers as before
    And kubectl exec in "app" works, 10 times in a row, within 5 s each
