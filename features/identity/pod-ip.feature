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

  @identity-pod-ip-component-restart @stock:POD_IP_CHANGED
  Scenario: A Pod has the same IP after restarts of the kubelet and of containerd, also in the middle of a restart of its sandbox
    Why: both are upgraded on live nodes, and what they were just doing then is done again by their next processes, which remember less.
    Bug: seen on plain Kubernetes: host-local gives every new sandbox the next free address, whoever has it made.

    When the kubelet of the edge node is restarted
    Then "app" has the IP it had before
    When the sandbox of "app" is killed
    And containerd on the edge node is killed
    Then "app" runs again within 30 s as the same Pod
    And "app" has the IP it had before

  @identity-pod-ip-power-cut @stock:POD_IP_CHANGED
  Scenario: A Pod has the same IP after a power cut of its node
    Why: devices in the field are not shut down, they are unplugged, and nothing says goodbye to the network first.
    Bug: Kubernetes #108121: after a reboot the addresses of before were held for sandboxes that were gone, and the Pods got others.

    When the edge node loses its power
    Then "app" runs again within 30 s as the same Pod
    And "app" has the IP it had before

  @identity-pod-ip-kills-offline @stock:POD_IP_CHANGED
  Scenario: Cut off, a Pod has the same IP whatever of it or below it is killed
    Why: without the cloud no peer, Service or DNS entry ever learns of a new one, and in days without it all of this happens.
    Bug: OpenYurt #2809: Pods that had new IPs without the cloud were not found by anybody for 34 minutes.

    Given the WAN of the site is down
    When the sandbox of "app" is killed
    Then "app" runs again within 20 s as the same Pod
    And "app" has the IP it had before
    When the container of "app" is killed
    Then "app" runs again within 15 s as the same Pod
    And "app" has the IP it had before
    When containerd on the edge node is killed
    Then "app" has the IP it had before
    When the kubelet of the edge node is restarted
    And the sandbox of "app" is killed
    Then "app" runs again within 30 s as the same Pod
    And "app" has the IP it had before

  @identity-pod-ip-node-restart-offline @stock:POD_NOT_RUNNING
  Scenario: Cut off, a Pod has the same IP after a restart and after a power cut of its node
    Why: a gateway that is switched on again without the cloud must be where its site knows it, however it was switched off.
    Bug: OpenYurt #2809: new Pod IPs after an offline reboot left ClusterIP and DNS dead for 34 minutes.

    Given the WAN of the site is down
    When the edge node is restarted
    Then "app" runs again within 30 s as the same Pod
    And "app" has the IP it had before
    When the edge node loses its power
    Then "app" runs again within 30 s as the same Pod
    And "app" has the IP it had before
