@autonomy
Feature: A cut of the link is not a reason to touch anything
  A node that cannot be reached is not dead. While it is cut off and after it reconnects, its Pods are left alone.

  @autonomy-reconnect @baseline @one-site
  Scenario: A short cut restarts, evicts and duplicates nothing
    Why: links flap many times a day; each flap that restarts something is an outage that nobody can explain.
    Bug: KubeEdge #4048: Pods were replaced after the node reconnected.

    Given an application "app" on the edge node
    When the WAN of the site is down for 10 s
    And the WAN of the site is back
    Then every node of the site is Ready within 30 s
    And for 5 s the edge node runs the same containers as before, and the cloud knows the same Pods

  @autonomy-no-eviction @needs-neighbour @stock:POD_EVICTED
  Scenario: A cut longer than the eviction time evicts nothing, and a node without autonomy is handled as usual
    Why: Kubernetes evicts the Pods of an unreachable node after 300 s; at the edge that deletes work which is running well, and starts it again elsewhere or nowhere. What can move is to move, though: autonomy is for the nodes that ask for it. The Pods ask for 5 s here, so that the test is short.
    Bug: seen on plain Kubernetes: the Pod was marked for deletion as soon as the node had been unreachable for as long as it tolerates that.

    Given an application "app" on the edge node that the cloud evicts after 5 s
    And an application "movable" on its neighbour, whose autonomy is switched off, that the cloud evicts after 5 s
    When the WAN of the site is down until the cloud has noticed
    # The cloud looks at its nodes every 5 s, and taints two unreachable nodes a second here (--node-eviction-rate; one in 10 s otherwise):
    # of two nodes of a site the second may be treated 6 s after the first. Whoever looks for less sees plain Kubernetes evict nothing.
    Then within 30 s the cloud marks the Pod of "movable" for deletion
    And for 8 s the cloud marks no Pod of "app" for deletion
    When the WAN of the site is back
    # A kubelet whose watch was refused again and again may pause for up to a minute before it tries again.
    Then every node of the topology is Ready within 90 s
    And for 5 s the edge node runs the same containers as before, and the cloud knows the same Pods

  @autonomy-ten-minutes @soak @stock:POD_NOT_RUNNING
  Scenario: A site that is cut off for ten minutes, and loses its power in the middle, comes back whole
    Why: a digger takes the fibre and, a little later, the power line; what was running before must be running after, without anybody at the site.
    Bug: KubeEdge #4210: after a reboot without the cloud the node's Pods did not come back. KubeEdge #4048: Pods were replaced after the node reconnected.

    Given these applications run on the edge node:
      | application | kind        | network |
      | app         | Deployment  | pod     |
      | host app    | Deployment  | host    |
      | stateful    | StatefulSet | pod     |
      | daemon      | DaemonSet   | pod     |
    When the WAN of the site is down for 300 s
    And every node of the site loses its power
    Then every Pod that ran in the site runs again within 45 s as the same Pod
    And "app" reaches "host app" at its DNS name within 10 s
    And for 300 s every Pod that ran in the site goes on running
    When the WAN of the site is back
    Then every node of the topology is Ready within 30 s
    And for 30 s every Pod that ran in the site goes on running
    And the cloud knows the same Pods, and marks none for deletion
