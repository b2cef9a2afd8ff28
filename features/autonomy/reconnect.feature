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

  @autonomy-no-eviction @stock:POD_EVICTED
  Scenario: A cut longer than the eviction time evicts nothing
    Why: Kubernetes evicts the Pods of an unreachable node after 300 s; at the edge that deletes work which is running well, and starts it again elsewhere or nowhere. The Pod asks for 5 s here, so that the test is short.
    Bug: seen on plain Kubernetes: the Pod was marked for deletion as soon as the node had been unreachable for as long as it tolerates that.

    Given an application "app" on the edge node that the cloud evicts after 5 s
    When the WAN of the site is down until the cloud has noticed
    # The cloud taints one unreachable node in 10 s (--node-eviction-rate): the second of a site 10 s after it was given up,
    # and its Pod is evicted 5 s later. Whoever looks for less sees plain Kubernetes evict nothing.
    Then for 25 s the cloud marks no Pod of "app" for deletion
    When the WAN of the site is back
    # A kubelet whose watch was refused again and again may pause for up to a minute before it tries again.
    Then every node of the topology is Ready within 90 s
    And for 5 s the edge node runs the same containers as before, and the cloud knows the same Pods
