@identity
Feature: A site that has lost the cloud and its power is itself again
  All at once, and with nobody there: what ran in the site runs, who it was it is, and whoever is elsewhere does not even notice.

  @identity-flagship @needs-two-sites @needs-neighbour @stock:POD_NOT_RUNNING
  Scenario: Cut off and then without power, a site is as it was before, and no other site has noticed
    Why: a storm takes the line and the mains of a site together, the mains are back first, and its work cannot wait for the line or for somebody who drives out.
    Bug: OpenYurt #2809: Pods had new IPs after a reboot without the cloud; ClusterIP and DNS were dead for 34 minutes. KubeEdge #4048: Pods were replaced after the node reconnected.

    Given these applications run in the site:
      | application | node          | network |
      | app         | the edge node | pod     |
      | sibling     | the edge node | pod     |
      | host app    | the edge node | host    |
      | peer        | its neighbour | pod     |
      | second peer | its neighbour | pod     |
      | host peer   | its neighbour | host    |
    And they reach each other:
      | from     | to          | at          |
      | app      | peer        | its address |
      | peer     | app         | its address |
      | sibling  | host peer   | its address |
      | host app | second peer | its address |
      | app      | peer        | its Service |
      | peer     | host app    | its Service |
    And it is known who every Pod and every node of the site is
    And two applications of another site ask each other again and again
    When the WAN of the site is down
    And every node of the site loses its power
    Then every Pod that ran in the site runs again within 45 s as the same Pod
    And all of them reach each other within 10 s after that, where they were before
    And every Pod of the site has the IP it had before, and no two have the same
    And within 10 s flannel.1 of every node of the site has the MAC it had before, which its annotation and its neighbours name
    And "app" reaches "peer" at its ClusterIP within 10 s
    And "app" reaches "host peer" at its DNS name within 10 s
    When the cloud has given up every node of the site
    And the WAN of the site is back
    Then every node of the topology is Ready within 30 s
    And kubectl logs of "app" shows the lines it wrote again, within 10 s
    And kubectl exec of a command in "peer" returns its stdout, its stderr and its exit code 7, within 5 s
    And for 5 s the site runs the same containers as before the WAN was back
    And the cloud knows the same Pods, and marks none for deletion
    And the cloud knows every Pod of the site by the IP it had before, within 15 s
    And the other site has noticed nothing: every question was answered, no container was replaced, and no node outside the site was not Ready
