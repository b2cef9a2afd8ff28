@autonomy @one-site
Feature: With a link that loses everything one way, a node knows that it is on its own
  Half a link is worse than none: the node still hears the cloud, or is still heard by it, and nothing that it asks is answered.

  @autonomy-one-way @stock:API_UNREACHABLE
  Scenario: When nothing comes from the cloud any more, or nothing gets there, who asks the API on the node is answered by the node
    Why: who trusts a connection that is open waits for ever, and what runs on the node waits with it.
    Bug: SuperEdge #402: errors of a broken connection were handed on, where the cache had the answer.

    Given a client "reader" of the API on the edge node, which may read ConfigMaps and Services
    And a client "stranger" of the API on the edge node, which may read nothing
    And "reader" has read the ConfigMaps of its namespace, which "stranger" was refused
    # On plain Kubernetes a question hangs for 10 s until whoever asks gives it up.
    When nothing gets from the cloud to the site any more
    Then "reader" reads the same ConfigMaps within 15 s
    And "stranger" is not given them
    When the container of "reader" is killed
    Then "reader" runs again within 20 s as the same Pod
    And "reader" reads the same ConfigMaps within 15 s
    When all gets over the WAN of the site again
    Then every node of the site is Ready within 30 s
    When nothing gets from the site to the cloud any more
    Then "reader" reads the same ConfigMaps within 15 s
    When containerd on the edge node is restarted
    Then "reader" reads the same ConfigMaps within 15 s
