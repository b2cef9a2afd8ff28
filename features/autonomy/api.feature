@autonomy @one-site
Feature: Who asks the API on a node that is cut off gets what was known, or an error
  Controllers, meshes and agents at the edge talk to the API server too, with the plain configuration that every Pod has.
  Cut off, they are given what the same client was given before; never somebody else's, and never an empty list for want of knowledge.

  @autonomy-api-client @stock:API_UNREACHABLE
  Scenario: Cut off, a client on the edge node reads what it has read before, and nobody else does
    Why: a client that cannot read its configuration stops; one that is told there is nothing deletes what it looks after; and a cache that answers anybody has no access control.
    Bug: OpenYurt #1400: the requests of a client were not cached. OpenYurt #132: an empty list made the kubelet kill every Pod.

    Given a client "reader" of the API on the edge node, which may read ConfigMaps and Services
    And a client "stranger" of the API on the edge node, which may read nothing
    And "reader" has read the ConfigMaps of its namespace, which "stranger" was refused
    And the WAN of the site is down
    Then "reader" reads the same ConfigMaps within 10 s
    And "stranger" is not given them
    And whoever shows a token of "reader" with a signature that is not the cluster's is not given them
    And "reader" gets an error for Services, which it has never read
