@lifecycle
Feature: What was brought in can be taken out
  Whoever tries edge components on a cluster must be able to go back, and to know that nothing of them stayed.

  @lifecycle-uninstall @baseline @last @soak
  Scenario: Taken out again, an implementation leaves the cluster as it was before it came
    Why: a trial that cannot be undone is not made, and what an uninstaller forgets breaks the next upgrade a year later, when nobody knows why it is there.
    Bug: seen on edgeproof's own uninstaller: the namespace of the tunnel stayed for minutes, as its servers went on draining for successors that would not come.

    When the implementation is taken out
    Then each node, its units, files and addresses, and the API's objects are what they were before it came
    And every node of the topology is Ready within 30 s
