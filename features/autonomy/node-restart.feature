@autonomy @one-site
Feature: A whole node comes back without the cloud
  After a boot a node knows nothing but what is on its disk. Whatever was scheduled to it runs again, as the same Pods, and they find each other.

  @autonomy-node-restart @stock:POD_NOT_RUNNING
  Scenario: Cut off, a restarted edge node runs all its Pods again
    Why: a gateway in a shop is switched off every night, and the link is not always up in the morning.
    Bug: KubeEdge #4210: after a reboot without the cloud the node's Pods did not come back. OpenYurt #880: neither did DNS.

    Given these applications run on the edge node:
      | application | kind        | network |
      | app         | Deployment  | pod     |
      | host app    | Deployment  | host    |
      | stateful    | StatefulSet | pod     |
      | daemon      | DaemonSet   | pod     |
    And the WAN of the site is down
    When the edge node is restarted
    Then every Pod that ran on the edge node runs again within 30 s as the same Pod
    And "app" reaches "host app" at its ClusterIP within 10 s
    And "app" reaches "host app" at its DNS name within 10 s

  @autonomy-power-cut @stock:POD_NOT_RUNNING
  Scenario: Cut off, an edge node that lost its power runs all its Pods again
    Why: nothing is flushed and nobody is asked: what was not yet on the disk is gone.
    Bug: OpenYurt #2712: an event lost while a list was replaced left a stale cache on the disk.

    Given an application "app" on the edge node
    And the WAN of the site is down
    When the edge node loses its power
    Then every Pod that ran on the edge node runs again within 30 s as the same Pod

  @autonomy-cut-while-booting @stock:POD_NOT_RUNNING
  Scenario: Cut off in the middle of its boot, an edge node runs all its Pods again
    Why: after a failure of the mains a site and its line come back together, and the line not always to stay: the node has asked, and hears half an answer.
    Bug: SuperEdge #402: a connection that ended was an error to the kubelet instead of an answer from the cache.

    Given an application "app" on the edge node
    When the edge node is restarted
    And the WAN of the site goes down as soon as the edge node has dialled the cloud again
    Then every Pod that ran on the edge node runs again within 30 s as the same Pod

  @autonomy-site-restart @stock:POD_NOT_RUNNING @needs-neighbour
  Scenario: Cut off, a site whose nodes are all restarted runs all its Pods again
    Why: who upgrades a site restarts it as a whole, when nobody is there. Its nodes boot together, and none finds another that knows more.
    Bug: OpenYurt #1660: flannel did not start after a reboot without the cloud.

    Given an application "app" on the edge node
    And the WAN of the site is down
    When every node of the site is restarted
    Then every Pod that ran in the site runs again within 45 s as the same Pod

  @autonomy-site-power-cut @stock:POD_NOT_RUNNING @needs-neighbour
  Scenario: Cut off, a site that lost its power runs all its Pods again
    Why: a site has one fuse, and what its nodes had not yet written is gone on all of them.
    Bug: OpenYurt #1660: flannel did not start after a reboot without the cloud.

    Given an application "app" on the edge node
    And the WAN of the site is down
    When every node of the site loses its power
    Then every Pod that ran in the site runs again within 45 s as the same Pod

  @autonomy-removed-meanwhile @stock:POD_NOT_RUNNING
  Scenario: What was removed or replaced while the node was cut off is, once it is back, and stays so
    Why: a cache that is stale brings work back to life that somebody has ended, at the next boot without the cloud.
    Bug: OpenYurt #2712: an event lost while a list was replaced left a stale cache on the disk.

    Given an application "app" on the edge node
    And an application "doomed" on the edge node
    And an application "renewed" on the edge node
    And the WAN of the site is down
    When the cloud removes "doomed"
    And the cloud replaces "renewed"
    And the WAN of the site is back
    Then the edge node has ended "doomed" within 30 s
    And the edge node runs another "renewed" and has ended the old one, within 30 s
    When the WAN of the site is down
    And the edge node is restarted
    Then "app" runs again within 30 s as the same Pod
    And for 3 s the edge node does not run "doomed"
