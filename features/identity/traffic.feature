@identity @one-site @needs-neighbour
Feature: Cut off, traffic within a site recovers by itself
  A site that has lost the cloud still has work to do: its Pods talk to each other, on one node and across nodes, on
  the Pod network and on the host's. After a restart they find each other again where they were.

  Background:
    Given these applications run in the site:
      | application | node          | network |
      | app         | the edge node | pod     |
      | sibling     | the edge node | pod     |
      | host app    | the edge node | host    |
      | peer        | its neighbour | pod     |
      | host peer   | its neighbour | host    |
    And they reach each other:
      | from      | to        | at          |
      | app       | sibling   | its address |
      | app       | host app  | its address |
      | host app  | app       | its address |
      | app       | peer      | its address |
      | peer      | app       | its address |
      | app       | host peer | its address |
      | host peer | app       | its address |
      | host app  | peer      | its address |
      | peer      | host app  | its address |
      | host app  | host peer | its address |
      | app       | peer      | its Service |
      | peer      | app       | its Service |
    And the WAN of the site is down

  @identity-traffic-application-restart @baseline
  Scenario: Cut off, all Pods of a site reach each other again after a restart of applications
    Why: an application that is back but cannot be reached is not back.
    Bug: OpenYurt #2809: ClusterIP and DNS were dead for 34 minutes, as nobody learned of the new IPs that Pods had got without the cloud.

    When the containers of "app" and "host app" are killed
    Then all of them reach each other again within 20 s, where they were before

  @identity-traffic-node-restart @stock:TRAFFIC_DOWN
  Scenario: Cut off, all Pods of a site reach each other again after a restart of a node
    Why: the overlay, the Service rules and the Pods' addresses are all made anew, and nobody in the cloud can help.
    Bug: OpenYurt #2809: Pods had new IPs after a reboot without the cloud; ClusterIP and DNS were dead for 34 minutes.

    When the edge node is restarted
    Then all of them reach each other again within 30 s, where they were before
