@identity @one-site
Feature: A Pod keeps its IP
  A Pod's IP is bound to its name. Peers that are cut off from the cloud never learn of a new one, so a new one is
  an outage for them. It is read on the node, from the Pod's own interface.

  Background:
    Given an application "app" on the edge node

  @identity-pod-ip-container-restart @baseline
  Scenario: A Pod has the same IP after its container was killed
    Why: an application that crashes must be found where it was.
    Bug: OpenYurt #2809: new Pod IPs after an offline reboot left ClusterIP and DNS dead for 34 minutes.

    When the container of "app" is killed
    Then "app" runs again within 15 s as the same Pod
    And "app" has the IP it had before

  @identity-pod-ip-sandbox-restart @stock:POD_IP_CHANGED
  Scenario: A Pod has the same IP after its sandbox was killed
    Why: a sandbox dies with its pause process or with a restart of the runtime, and the Pod is still the same Pod.
    Bug: seen on plain Kubernetes: host-local gives every new sandbox the next free address.

    When the sandbox of "app" is killed
    Then "app" runs again within 20 s as the same Pod
    And "app" has the IP it had before

  @identity-pod-ip-node-restart @stock:POD_IP_CHANGED
  Scenario: A Pod has the same IP after a restart of its node
    Why: peers, firewalls and licence servers in the site know the Pod by its address.
    Bug: OpenYurt #2809: Pods had new IPs after a reboot, and those that could not learn of it lost them.

    When the edge node is restarted
    Then "app" runs again within 30 s as the same Pod
    And "app" has the IP it had before
