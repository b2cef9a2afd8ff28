@identity @needs-small-range @soak
Feature: Addresses are given, held and freed
  A node has few addresses: a /27 has 29 for Pods. One that nobody has and nobody can get is one Pod fewer, and after
  some power cuts none starts any more. How many are held is asked by filling the node: for each address that is left
  one Pod must start, and one more must not.

  @identity-addresses-power-cuts @stock:POD_IP_CHANGED
  Scenario: After twenty power cuts a node's addresses are those of its Pods, and nothing else has grown
    Why: a device that is unplugged each evening runs out of addresses within a month if each boot loses one.
    Bug: Kubernetes #108121: addresses leaked over reboots until no Pod of the node started any more.

    Given these applications run on the edge node:
      | application | kind        | network |
      | app         | Deployment  | pod     |
      | stateful    | StatefulSet | pod     |
      | daemon      | DaemonSet   | pod     |
      | host app    | Deployment  | host    |
    When the edge node loses its power 20 times, and each time all its Pods run again within 45 s, where they were
    Then within 60 s no node has more interfaces, routes, rules or neighbours than before
    When a Pod is made on the edge node for each address that it has left, all at once
    Then all of them run within 90 s, each with an address of its own
    And one Pod more gets no address
    When one of them is deleted
    Then within 60 s the waiting Pod runs, with the address that came free

  @identity-addresses-freed @baseline @needs-neighbour
  Scenario: An address is one Pod's until that is gone, and then another's
    Why: where addresses are few, one that comes back late is a Pod that starts late, and one that comes back early is two Pods that answer for each other.
    Bug: Kubernetes #108121: addresses of Pods that were gone stayed taken.

    Given these applications run on the edge node:
      | application | kind        | network |
      | app         | StatefulSet | pod     |
    When a Pod is made on the edge node for each address that it has left, all at once
    Then all of them run within 90 s, each with an address of its own
    And one Pod more gets no address
    When one of them is deleted
    Then within 60 s the waiting Pod runs, with the address that came free
    And one Pod more gets no address
    When "app" is moved to its neighbour
    Then within 60 s the waiting Pod runs, with the address that came free
    And "app" runs on its neighbour within 30 s, as another Pod of that name
    And one Pod more gets no address
    Given the WAN of the site is down
    When one of them is deleted by force
    Then for 15 s the waiting Pod has no address
    When the WAN of the site is back
    Then within 60 s the waiting Pod runs, with the address that came free
