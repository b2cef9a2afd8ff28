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
      | app       | sibling   | its Service |
      | app       | peer      | its Service |
      | peer      | app       | its Service |
      | app       | host peer | its Service |
      | host app  | peer      | its Service |
    And these are to reach each other by name too:
      | from      | to        |
      | app       | sibling   |
      | app       | peer      |
      | peer      | app       |
      | app       | host peer |
      | host app  | peer      |
    And the WAN of the site is down

  @identity-traffic-application-restart @stock:TRAFFIC_DOWN
  Scenario: Cut off, all Pods of a site reach each other again after a restart of applications and of their sandboxes
    Why: an application that is back but cannot be reached is not back.
    Bug: OpenYurt #2809: ClusterIP and DNS were dead for 34 minutes, as nobody learned of the new IPs that Pods had got without the cloud.

    When the sandboxes of "app" and "peer" are killed
    Then all of them run again within 20 s as the same Pods
    And all of them reach each other within 10 s after that, where they were before
    When the containers of "app" and "host app" are killed
    Then all of them run again within 15 s as the same Pods
    And all of them reach each other within 10 s after that, where they were before

  @identity-traffic-component-restart @first @stock:DNS_DOWN
  Scenario: Cut off, a restart of flannel and of kube-proxy loses no packet between Pods of a site, and all of them reach each other
    Why: what carries the packets is upgraded and crashes under applications that notice nothing of either end, and must notice nothing of this.
    Bug: flannel #1795: the annotation and the device ended up with different MACs, and other nodes sent their frames to one that nobody had.

    Given these ask each other ten times a second from now on:
      | from      | to        | by                      |
      | app       | sibling   | pings of its address    |
      | app       | peer      | pings of its address    |
      | host app  | peer      | pings of its address    |
      | peer      | app       | requests to its Service |
      | app       | peer      | requests to its Service |
    When flannel on the edge node is restarted
    And kube-proxy on the edge node is restarted
    Then for 5 s more none of what they ask is lost
    And all of them reach each other within 10 s, where they were before

  @identity-traffic-node-restart @stock:POD_NOT_RUNNING
  Scenario: Cut off, all Pods of a site reach each other again after a restart of either node
    Why: the overlay, the Service rules and the Pods' addresses are all made anew, and nobody in the cloud can help; and who is on another node must not feel it.
    Bug: OpenYurt #2809: Pods had new IPs after a reboot without the cloud; ClusterIP and DNS were dead for 34 minutes.

    When the edge node is restarted
    Then all of them run again within 30 s as the same Pods
    And all of them reach each other within 10 s after that, where they were before
    Given these ask each other ten times a second from now on:
      | from      | to        | by                      |
      | app       | sibling   | pings of its address    |
      | host app  | app       | pings of its address    |
      | app       | sibling   | requests to its Service |
    When its neighbour is restarted
    Then all of them run again within 30 s as the same Pods
    And all of them reach each other within 10 s after that, where they were before
    And for 1 s more none of what they ask is lost

  @identity-traffic-site-restart @stock:POD_NOT_RUNNING
  Scenario: Cut off, all Pods of a site reach each other again after all its nodes were restarted together
    Why: no node is left that knows where anything was, and the nodes find each other again by what each has kept.
    Bug: OpenYurt #1660: flannel did not start after a reboot without the cloud.

    When every node of the site is restarted
    Then all of them run again within 30 s as the same Pods
    And all of them reach each other within 10 s after that, where they were before
