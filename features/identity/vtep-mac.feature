@identity
Feature: A node keeps its VTEP MAC
  The MAC of flannel.1 is bound to the node's name. Peers put it on every frame for the node's Pods; with another one,
  they talk to nobody until the cloud tells them.

  @identity-vtep-flannel-restart @baseline
  Scenario: flannel.1 has the same MAC after a restart of flannel
    Why: flannel is upgraded on live nodes; the overlay must not notice.
    Bug: flannel #1795: the annotation and the device ended up with different MACs.

    When flannel on the edge node is restarted
    Then flannel on the edge node runs again within 30 s
    And flannel.1 of the edge node is there within 30 s, with the MAC it had before
    And the annotation of the edge node names that MAC
    And within 10 s every other node sends frames for the edge node to that MAC

  @identity-vtep-node-restart @baseline
  Scenario: flannel.1 has the same MAC after a restart of the node
    Why: the interface is made anew, and its MAC must not be.
    Bug: flannel #1330: after a reboot peers kept the old MAC, and Pods of the node could not be reached.

    When the edge node is restarted
    Then flannel.1 of the edge node is there within 30 s, with the MAC it had before
    And the annotation of the edge node names that MAC
    And within 10 s every other node sends frames for the edge node to that MAC

  @identity-vtep-node-restart-offline @stock:VTEP_MISSING @one-site @needs-neighbour
  Scenario: Cut off, flannel.1 comes back with the same MAC after a restart of the node
    Why: its neighbours in the site cannot be told of a new MAC, and without the interface the node's Pods are alone.
    Bug: OpenYurt #1660: flannel did not start after a reboot without the cloud.

    Given the WAN of the site is down
    When the edge node is restarted
    Then flannel.1 of the edge node is there within 30 s, with the MAC it had before
    And the annotation of the edge node names that MAC
    And within 10 s every other node of the site sends frames for the edge node to that MAC
