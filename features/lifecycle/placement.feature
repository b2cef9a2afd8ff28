@lifecycle
Feature: Work runs on the right kind of node
  Cloud and edge share one scheduler. Labels say where work wants to go, and a taint keeps off the edge
  what never asked for it.

  @lifecycle-placement-labels @baseline @side-by-side
  Scenario: Cloud work runs in the cloud, and edge work runs on every edge node
    Why: one cluster carries both kinds of work; a controller on a gateway, or an edge agent missing on one device, is an outage.
    Bug: OpenYurt #1496: one of three servers had the agent, so whether a node could be reached was a matter of luck.

    When a Deployment of 2 replicas asks for cloud nodes
    And a DaemonSet asks for edge nodes
    Then the Deployment runs within 30 s, on cloud nodes only
    And the DaemonSet runs within 30 s, once on every edge node and nowhere else

  @lifecycle-placement-taint @baseline @side-by-side
  Scenario: Work that does not tolerate the edge never lands there
    Why: an ordinary chart from the Internet must not end up behind a metered link on a device with 512 MB.
    Bug: OpenYurt #880: CoreDNS was unusable after an offline reboot of its node; whatever lands on the edge by chance shares that fate.

    When a Deployment of 6 replicas does not say where to run
    And a Pod asks for an edge node but does not tolerate its taint
    Then the Deployment runs within 30 s, on cloud nodes only
    And the Pod is refused by the scheduler within 10 s
