@autonomy @one-site
Feature: What runs on an edge node comes back without the cloud
  The link to the cloud fails for hours. Applications crash, kubelets are upgraded, power is lost meanwhile.
  Whatever was scheduled to the node runs again, as the same Pods.

  Background:
    Given an application "app" on the edge node
    And the WAN of the site is down

  @autonomy-container-restart @baseline
  Scenario: Cut off, an application that is killed runs again
    Why: crashes do not wait for the link to be up.
    Bug: OpenYurt #132: a cache that was lost answered with an empty list of Pods, and the kubelet killed every one.

    When the container of "app" is killed
    Then "app" runs again within 15 s as the same Pod
    When the sandbox of "app" is killed
    Then "app" runs again within 20 s as the same Pod

  @autonomy-kubelet-restart @stock:POD_NOT_RUNNING
  Scenario: Cut off, a restarted kubelet still looks after its Pods
    Why: a kubelet is upgraded or crashes too, and an application that dies after that must not stay dead.
    Bug: SuperEdge #386: the kubelet registers its node when it starts, which failed without the cloud.

    When the kubelet of the edge node is restarted
    And the container of "app" is killed
    Then "app" runs again within 20 s as the same Pod

  @autonomy-component-kills @stock:POD_NOT_RUNNING
  Scenario: Cut off, a node whose components are all killed still looks after its Pods
    Why: what must keep a node alive for days without the cloud will crash once in that time, whichever part it is.
    Bug: SuperEdge PR #402: a connection that ended was an error to the kubelet instead of an answer from the cache.

    When containerd, kube-proxy, DNS, flannel, what makes the edge node autonomous and its kubelet are killed, one after the other
    Then every Pod that ran on the edge node runs again within 30 s as the same Pod
    When the container of "app" is killed
    Then "app" runs again within 20 s as the same Pod
