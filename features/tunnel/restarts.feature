@tunnel
Feature: A tunnel outlives its own parts
  Agents and servers are killed, replaced and upgraded like anything else. Whoever has a log open must not have to know.
  Which server carries what is seen by stopping one after the other for a moment: what goes on meanwhile does not need it.

  Background:
    Given an application "app" on the edge node

  @tunnel-agent-killed @stock:LOGS_UNREACHABLE @one-site @first
  Scenario: A tunnel agent that is killed comes back, and kubectl works again
    Why: an agent is killed by memory pressure on a small device more often than by anything else.
    Bug: apiserver-network-proxy #888: the teardown of the old session deleted the new one.

    Given kubectl logs of "app" shows the lines it wrote, within 5 s
    When the tunnel agent of the edge node is killed
    Then kubectl logs of "app" shows the lines it wrote again, within 15 s
    # One server has it back first; every other one within 10 s of its start.
    And kubectl exec in "app" works again, 10 times in a row, within 15 s

  @tunnel-servers-killed @stock:LOGS_UNREACHABLE
  Scenario: When all tunnel servers are killed at once, every agent comes back by itself
    Why: a cloud node takes all servers on it down with it, and nobody drives out to restart a thousand agents.
    Bug: SuperEdge #339: the tunnel was not set up again.

    Given kubectl logs of "app" shows the lines it wrote, within 5 s
    When all tunnel servers are killed
    Then kubectl logs of "app" shows the lines it wrote again, within 20 s
    # Of two that were killed one is back first, and the cloud leads to both until it has heard that the other is not Ready.
    And kubectl exec in "app" works again, 10 times in a row, within 20 s

  @tunnel-all-replaced @stock:LOGS_UNREACHABLE
  Scenario: When all agents and all servers are deleted at once, their successors find each other
    Why: after a bad upgrade, or a restart of everything, nothing that was remembered is true any more.
    Bug: apiserver-network-proxy #123: after agent and server had been restarted kubectl logs timed out until the API server was restarted.

    Given kubectl logs of "app" shows the lines it wrote, within 5 s
    When all tunnel agents and servers are deleted at once, without grace, and are gone
    Then kubectl exec in "app" works again, 10 times in a row, within 30 s

  @tunnel-server-lost @stock:LOGS_UNREACHABLE
  Scenario: The loss of one tunnel server ends its own streams, no other server's, and leaves none of them hanging
    Why: a cloud node with a server on it is drained or dies every week; what is followed over another server has nothing to do with it.
    Bug: apiserver-network-proxy #255: when a server had gone, the API server still held its streams.

    Given kubectl logs of "app" shows the lines it wrote, within 5 s
    And at least 8 kubectl logs -f of "app" run, through several tunnel servers, and have shown their lines within 5 s
    When one of several tunnel servers is killed, which carries some of them and not all
    And "app" writes the line "written after the loss"
    Then those of other servers go on and show "written after the loss", and each of the lost one's shows it or has ended, within 5 s
    And kubectl exec in "app" works again, 10 times in a row, within 15 s

  @tunnel-server-replicas @stock:EXEC_UNREACHABLE
  Scenario: Every tunnel server reaches every agent within 10 s of the start of either
    Why: the API server's calls are spread over the servers; one that lacks an agent fails now and then, and only there.
    Bug: OpenYurt #1496: one of three tunnel servers had the agent, so logs failed now and then.

    Given an application on every edge node, in which kubectl exec works within 5 s
    When a tunnel server is deleted, and another one runs in its place
    Then it is ready, and kubectl exec works on every edge node, 10 times in a row that begin within 10 s of its start
    When the tunnel agent of the edge node is deleted, and another one runs in its place
    Then it is ready, and kubectl exec works on every edge node, 10 times in a row that begin within 10 s of its start

  @tunnel-rollout @stock:LOGS_UNREACHABLE
  Scenario: While the tunnel servers are replaced one by one, a followed log goes on and no call fails
    Why: an upgrade of the tunnel must not be an outage of every node's logs.
    Bug: apiserver-network-proxy #123: after its server had been restarted, kubectl logs timed out.

    Given kubectl logs -f of "app" runs, and has shown its lines within 5 s
    When the tunnel servers are replaced one by one, while kubectl exec in "app" is asked for again and again
    And "app" writes the line "written after the upgrade"
    Then the followed log shows "written after the upgrade" within 5 s
    And kubectl exec in "app" works, 20 times in a row, within 5 s each
