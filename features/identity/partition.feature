@identity @one-site @needs-neighbour
Feature: Nodes of a site that have lost each other find each other again
  The switch between two nodes fails as well as the link to the cloud. When it is there again nobody comes to restart anything.

  @identity-node-partition @stock:POD_NOT_RUNNING
  Scenario: Cut off from the cloud and from its neighbour a node is restarted, and when they have each other again their Pods do too
    Why: a node that could not ask anybody who it is must still come back as the one that its neighbour remembers.
    Bug: OpenYurt #2809: Pods had new IPs after a reboot without the cloud, and nobody learned of them.

    Given these applications run in the site:
      | application | node          | network |
      | app         | the edge node | pod     |
      | sibling     | the edge node | pod     |
      | peer        | its neighbour | pod     |
      | host peer   | its neighbour | host    |
    And they reach each other:
      | from      | to        | at          |
      | app       | sibling   | its address |
      | app       | peer      | its address |
      | peer      | app       | its address |
      | app       | host peer | its address |
      | host peer | app       | its address |
      | app       | peer      | its Service |
      | peer      | app       | its Service |
    And the WAN of the site is down
    When the edge node and its neighbour lose each other
    And the edge node is restarted
    Then all of them run again within 30 s as the same Pods
    When they have each other again
    Then all of them reach each other within 10 s, where they were before
    And within 10 s flannel.1 of the edge node has the MAC it had before
    And within 10 s every other node of the site sends frames for the edge node to that MAC
