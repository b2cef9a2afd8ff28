@tunnel
Feature: A tunnel outlives its own parts
  Agents and servers are killed, replaced and upgraded like anything else. Whoever has a log open must not have to know.

  Background:
    Given an application "app" on the edge node

  @tunnel-agent-killed @stock:LOGS_UNREACHABLE
  Scenario: A tunnel agent that is killed comes back, and kubectl works again
    Why: an agent is killed by memory pressure on a small device more often than by anything else.
    Bug: konnectivity #888: the teardown of the old session deleted the new one.

    Given kubectl logs of "app" shows the lines it wrote, within 5 s
    When the tunnel agent of the edge node is killed
    Then kubectl logs of "app" shows the lines it wrote again, within 15 s
    And kubectl logs of "app" shows the lines it wrote, 10 times in a row, within 5 s each

  @tunnel-servers-killed @stock:LOGS_UNREACHABLE
  Scenario: When all tunnel servers are killed at once, every agent comes back by itself
    Why: a cloud node takes all servers on it down with it, and nobody drives out to restart a thousand agents.
    Bug: SuperEdge #339: the tunnel was not set up again.

    Given kubectl logs of "app" shows the lines it wrote, within 5 s
    When all tunnel servers are killed
    Then kubectl logs of "app" shows the lines it wrote again, within 20 s
    And kubectl logs of "app" shows the lines it wrote, 10 times in a row, within 5 s each

  @tunnel-server-replicas @stock:LOGS_UNREACHABLE
  Scenario: Every tunnel server reaches every agent
    Why: the API server's calls are spread over the servers; one that lacks an agent fails now and then, and only there.
    Bug: OpenYurt #1496: one of three tunnel servers had the agent, so logs failed now and then.

    Given kubectl logs of "app" shows the lines it wrote, within 5 s
    When one of several tunnel servers is killed
    Then kubectl logs of "app" shows the lines it wrote again, within 10 s
    And kubectl logs of "app" shows the lines it wrote, 20 times in a row, within 5 s each

  @tunnel-rollout @stock:LOGS_UNREACHABLE
  Scenario: While the tunnel servers are replaced one by one, a followed log goes on and no call fails
    Why: an upgrade of the tunnel must not be an outage of every node's logs.
    Bug: konnectivity #255: streams were left hanging when a server went.

    Given kubectl logs -f of "app" runs, and has shown its lines within 5 s
    When the tunnel servers are replaced one by one
    And "app" writes the line "written after the upgrade"
    Then the followed log shows "written after the upgrade" within 5 s
    And kubectl logs of "app" shows the lines it wrote, 20 times in a row, within 5 s each
