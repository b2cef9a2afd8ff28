@tunnel
Feature: What a tunnel trusts is replaced while it is in use
  Certificates end, and keys leak. Who replaces them must not have to choose between an outage and agents that let anybody in.

  Background:
    Given an application "app" on the edge node

  @tunnel-ca-rotation @needs-rotation @stock:LOGS_UNREACHABLE
  Scenario: The authority that agents trust is replaced without an outage, and the old one is worth nothing afterwards
    Why: whoever has an authority's key is every device's cloud; it must be replaced on all of them, and nobody drives out.
    Bug: apiserver-network-proxy #801: with a new CA the agent goes on with the old one until it is restarted.

    Given kubectl logs -f of "app" runs, and has shown its lines within 5 s
    And it is known in which containers the tunnel runs
    When the tunnel's agents are made to trust a new authority beside the old one, while kubectl exec in "app" is asked for again and again
    And the tunnel's servers are made to show certificates of the new one, while kubectl exec in "app" is asked for again and again
    And it is known which sessions the tunnel has
    And the tunnel's agents are made to trust the new one alone, while kubectl exec in "app" is asked for again and again
    Then every agent has come to the tunnel anew, within 10 s
    When "app" writes the line "written after the rotation"
    Then the followed log shows "written after the rotation" within 2 s
    When the tunnel's servers show certificates of the old authority again, as who has its key could
    And all connections of the site over its WAN are reset
    Then for 5 s the edge node has no session with the tunnel, whose agent is refused with a reason
    When the tunnel's agents trust the old authority again
    Then kubectl exec in "app" works again, 5 times in a row, within 10 s
    And the tunnel runs in the same containers as before

  @tunnel-node-certificate @stock:LOGS_UNREACHABLE @one-site
  Scenario: An agent takes up its node's new certificate without a restart, and has no session by one that has ended
    Why: a kubelet renews its certificate for years on end, and an agent that does not follow is lost on the day the first one ends.
    Bug: KubeEdge #5788: the old certificate was used until a restart.

    Given kubectl logs of "app" shows the lines it wrote, within 5 s
    And it is known in which containers the tunnel runs
    And it is known which sessions the tunnel has
    When the certificate of the edge node is replaced by another one of it, which ends 8 s later
    Then the agent of the edge node has come to the tunnel anew, within 5 s
    # Whatever went through sessions of before ends: what comes back has what the file holds now.
    When all connections of the site over its WAN are reset
    And that certificate has ended
    Then for 5 s the edge node has no session with the tunnel, whose agent is refused with a reason
    When the certificate of the edge node is its own again
    Then kubectl exec in "app" works again, 5 times in a row, within 10 s
    And the tunnel runs in the same containers as before

  @tunnel-other-certificate @stock:EXEC_UNREACHABLE @one-site @needs-neighbour
  Scenario: An agent that finds another node's certificate in the place of its own does not become that node
    Why: a disk image that was copied with its certificates would take another device's traffic away from it.
    Bug: seen in edgeproof's own tunnel with that taken out on purpose: kubectl exec for that node came to this one, and was refused.

    Given an application on every edge node of the site, in which kubectl exec works within 5 s
    And it is known in which containers the tunnel runs
    When the certificate of the edge node is replaced by that of its neighbour
    Then for 6 s kubectl exec works on every edge node of the site, whenever it is asked
    When the certificate of the edge node is its own again
    Then for 3 s kubectl exec works on every edge node of the site, whenever it is asked
    And the tunnel runs in the same containers as before
