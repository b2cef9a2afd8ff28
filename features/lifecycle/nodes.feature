@lifecycle
Feature: A cluster of cloud nodes and edge nodes
  One command makes it. Every node joins, says what it is, and runs what is meant for it.

  @lifecycle-nodes-ready @baseline @side-by-side
  Scenario: Every node of the topology is Ready and labelled with its tier, site, device class and architecture
    Why: whatever places work by site or device class trusts these labels, and so does every feature after this one.
    Bug: OpenYurt #871: a node that had changed its pool was served with a stale topology.

    Then every node of the topology is Ready within 30 s
    And every node carries the labels that the topology gives it
    And every edge node, and no cloud node, carries the edge taint

  @lifecycle-service-dns @baseline @side-by-side
  Scenario: In the cloud, a Service answers at its address and at its name
    Why: the edge components of the cloud side are ordinary Deployments behind Services; without this nothing else is worth grading.
    Bug: OpenYurt #880: CoreDNS was unusable after a reboot, and every name with it.

    Given an application "server" with a Service on a cloud node
    And an application "client" on a cloud node
    Then "client" reaches "server" at its ClusterIP within 15 s
    And "client" reaches "server" at its DNS name within 15 s
