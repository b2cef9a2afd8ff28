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

  @autonomy-node-restart @stock:POD_NOT_RUNNING
  Scenario: Cut off, a restarted edge node runs all its Pods again
    Why: a gateway in a shop is switched off every night, and the link is not always up in the morning.
    Bug: KubeEdge #4210: after a reboot without the cloud the node's Pods did not come back.

    When the edge node is restarted
    Then every Pod that ran on the edge node runs again within 30 s as the same Pod

  @autonomy-power-cut @stock:POD_NOT_RUNNING
  Scenario: Cut off, an edge node that lost its power runs all its Pods again
    Why: nothing is flushed and nobody is asked: what was not yet on the disk is gone.
    Bug: OpenYurt #2712: an event lost while a list was replaced left a stale cache on the disk.

    When the edge node loses its power
    Then every Pod that ran on the edge node runs again within 30 s as the same Pod

  @autonomy-kubelet-restart @stock:POD_NOT_RUNNING
  Scenario: Cut off, a restarted kubelet still looks after its Pods
    Why: a kubelet is upgraded or crashes too, and an application that dies after that must not stay dead.
    Bug: SuperEdge #386: the kubelet registers its node when it starts, which failed without the cloud.

    When the kubelet of the edge node is restarted
    And the container of "app" is killed
    Then "app" runs again within 20 s as the same Pod
