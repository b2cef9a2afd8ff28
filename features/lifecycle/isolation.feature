@lifecycle
Feature: The edge is far away
  An edge node has one way to the cloud, the WAN of its site, and the cloud has none to it. Everything else in
  this catalogue is only worth something while that is true, so it is probed from inside the nodes.

  @lifecycle-isolation-wan @baseline
  Scenario: An edge node reaches the cloud through its site's WAN only, and the cloud cannot dial an edge node
    Why: a harness that leaves a second way open grades every tunnel and every cache as perfect.
    Bug: seen on plain Kubernetes: on a dual-stack network an edge node kept its connection to the API server over IPv6 through a "partition".

    Then every edge node reaches the API server through the WAN of its site
    And no edge node reaches a cloud node in any other way
    And no cloud node reaches an edge node

  @lifecycle-isolation-way-out @baseline
  Scenario: A packet for a Service or a Pod that a node does not know leaves nowhere
    Why: it would leave the cluster by the default route, and a stranger who has that address would answer in the application's name.
    Bug: seen on plain Kubernetes: a node that had not heard of a Service sent its packets out of the machine, and something there answered 404.

    Then no packet for a Service or a Pod leaves the cluster by its nodes' default route

  @lifecycle-isolation-sites @baseline
  Scenario: Nodes of a site reach each other, and nodes of different sites only if the topology lets them
    Why: autonomy promises traffic within a site while cut off; a path between sites that reality has not would hide that it is missing.
    Bug: OpenYurt #871: a node that had changed its pool was served with a stale topology, that of a site it was no longer in.

    Then nodes of one site reach each other
    And nodes of different sites reach each other exactly if the topology allows it

  @lifecycle-isolation-restart @baseline @one-site
  Scenario: The isolation holds after a restart of an edge node
    Why: a node that comes back with fresh rules, and for a moment with none, would reach the cloud just when it is tested without it.
    Bug: seen on plain Kubernetes: a restarted node has a new network namespace, and no rule that was set inside the old one.

    When the edge node is restarted
    Then the edge node is Ready again within 30 s
    And the edge node reaches the API server through the WAN of its site
    And the edge node reaches no cloud node in any other way
    And no cloud node reaches the edge node

  @lifecycle-isolation-one-site @baseline @needs-two-sites
  Scenario: Cutting off one site leaves the other sites and the cloud untouched
    Why: thousands of sites share one control plane; each link fails alone, and must fail alone.
    Bug: apiserver-network-proxy #268: dials that fail for one agent stall those of all others.

    When the WAN of the site is down until the cloud has noticed
    Then all nodes outside the site stayed Ready
