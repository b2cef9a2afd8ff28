@identity
Feature: A node keeps its VTEP MAC
  The MAC of flannel.1 is bound to the node's name. Peers put it on every frame for the node's Pods; with another one,
  they talk to nobody until the cloud tells them.

  @identity-vtep-flannel-restart @baseline @one-site @first
  Scenario: flannel.1 has the same MAC after a restart of flannel
    Why: flannel is upgraded on live nodes; the overlay must not notice.
    Bug: flannel #1795: the annotation and the device ended up with different MACs.

    When flannel on the edge node is restarted
    Then flannel on the edge node runs again within 30 s
    And flannel.1 of the edge node is there within 30 s, with the MAC it had before
    And the annotation of the edge node names that MAC
    And within 10 s every cloud node and every other node of the site sends frames for the edge node to that MAC

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

  @identity-vtep-flannel-upgrade @baseline
  Scenario: flannel.1 has the same MAC after an upgrade of flannel
    Why: an upgrade replaces flannel on all nodes at once, and none of them may have to be found anew.
    Bug: flannel #1795: the annotation and the device ended up with different MACs.

    When flannel is replaced on all nodes, as for an upgrade
    Then within 10 s flannel.1 of the edge node has the MAC it had before
    And within 10 s the annotation of the edge node names that MAC
    And within 10 s every other node sends frames for the edge node to that MAC

  @identity-vtep-power-cut @baseline @one-site
  Scenario: flannel.1 has the same MAC after a power cut of the node
    Why: devices in the field are not shut down, they are unplugged.
    Bug: flannel #1036: after a reboot a node's MAC was another, and other nodes kept the old one.

    When the edge node loses its power
    Then within 30 s flannel.1 of the edge node has the MAC it had before
    And within 10 s the annotation of the edge node names that MAC
    And within 10 s every cloud node and every other node of the site sends frames for the edge node to that MAC

  @identity-vtep-power-cut-offline @stock:VTEP_MISSING @one-site @needs-neighbour
  Scenario: Cut off, flannel.1 comes back with the same MAC after a power cut of the node
    Why: power and the link to the cloud are often lost together, and the site must work again without either of them having been missed.
    Bug: flannel #1828: asked for by a user of OpenYurt, as a device that boots without the cloud got another MAC.

    Given the WAN of the site is down
    When the edge node loses its power
    Then flannel.1 of the edge node is there within 30 s, with the MAC it had before
    And within 10 s every other node of the site sends frames for the edge node to that MAC

  @identity-vtep-annotation-lost @stock:VTEP_ANNOTATION_DIFFERS @one-site @needs-neighbour
  Scenario: An annotation with the MAC that was removed is written again
    Why: a node that joins, or whose flannel starts, learns from it where to send frames; without it, it reaches nobody there.
    Bug: seen with flannel 0.28.4: it writes the annotation at its start alone, and reads one that has been written by hand with a space in it as none.

    When the annotation with the MAC of the edge node is removed
    Then within 10 s the annotation of the edge node names that MAC
    And flannel.1 of the edge node is there within 10 s, with the MAC it had before
    And within 10 s every other node of the site sends frames for the edge node to that MAC

  @identity-vtep-annotation-lost-restart @stock:VTEP_MAC_CHANGED @one-site @needs-neighbour
  Scenario: flannel.1 has the same MAC after a restart of a node whose annotation was removed
    Why: who cleans up annotations must not take a node off the overlay of those that do not hear of it.
    Bug: seen with flannel 0.28.4: without the annotation it makes another MAC up.

    When the annotation with the MAC of the edge node is removed
    And the edge node is restarted
    Then within 30 s flannel.1 of the edge node has the MAC it had before
    And within 10 s the annotation of the edge node names that MAC
    And within 10 s every other node of the site sends frames for the edge node to that MAC

  @identity-vtep-annotation-lost-offline @stock:VTEP_MISSING @one-site @needs-neighbour
  Scenario: An annotation that was removed while the site was cut off is written again when it is back
    Why: cut off, a node hears of nothing, restarts as it was, and must not be taken for another afterwards.
    Bug: seen with flannel 0.28.4: it writes the annotation at its start alone.

    Given the WAN of the site is down
    When the annotation with the MAC of the edge node is removed
    And the edge node is restarted
    Then flannel.1 of the edge node is there within 30 s, with the MAC it had before
    And within 10 s every other node of the site sends frames for the edge node to that MAC
    When the WAN of the site is back
    Then within 30 s the annotation of the edge node names that MAC
    And within 10 s every other node of the site sends frames for the edge node to that MAC

  @identity-vtep-mac-changed @stock:VTEP_MAC_CHANGED @one-site
  Scenario: A MAC that somebody else has given flannel.1 is taken back
    Why: the node drops every frame that its peers send to the MAC they know, and with the change it has lost their MACs.
    Bug: flannel #1155: systemd gave flannel.1 another MAC after flannel had told of the first, and all traffic from other nodes was dropped.

    When somebody gives flannel.1 of the edge node another MAC
    Then within 10 s flannel.1 of the edge node has the MAC it had before
    And the annotation of the edge node names that MAC
    And within 10 s the edge node has the MACs of all nodes it has routes to

  @identity-vtep-state-damaged @baseline @one-site
  Scenario: flannel.1 has the same MAC after a power cut that damaged what the node remembers
    Why: flash wears out, and a file that was just being written is half a file; neither may make a node another one.
    Bug: OpenYurt #132: a cache that was lost was taken for one that is empty, and the node did what that said.

    When what the edge node remembers of who it is gets damaged
    And the edge node loses its power
    Then within 30 s flannel.1 of the edge node has the MAC it had before
    And within 10 s the annotation of the edge node names that MAC
    And within 10 s every cloud node and every other node of the site sends frames for the edge node to that MAC
