import assert from 'node:assert/strict';
import { test } from 'node:test';
import { removalOf } from './firewall.ts';

test("Docker's chains go, with the rules that lead into them; everybody else's rules stay", () => {
  // iptables --list-rules after a Docker 20.10 with one network.
  const rules = [
    '-P INPUT ACCEPT', '-P FORWARD DROP', '-P OUTPUT ACCEPT',
    '-N DOCKER', '-N DOCKER-ISOLATION-STAGE-1', '-N DOCKER-USER', '-N MINE', '-N EDGEPROOF-dev',
    '-A FORWARD -j DOCKER-USER',
    '-A FORWARD -j DOCKER-ISOLATION-STAGE-1',
    '-A FORWARD -o br-0123456789ab -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A FORWARD -i br-lan -j ACCEPT',
    '-A FORWARD -j MINE',
    '-A DOCKER-ISOLATION-STAGE-1 -i br-0123456789ab ! -o br-0123456789ab -j RETURN',
    '-A DOCKER-USER -j RETURN',
    '-A MINE -s 10.0.0.0/8 -j DROP',
  ];
  assert.deepEqual(removalOf(rules).map((args) => args.join(' ')), [
    '--flush DOCKER', '--flush DOCKER-ISOLATION-STAGE-1', '--flush DOCKER-USER',
    '--delete FORWARD -j DOCKER-USER',
    '--delete FORWARD -j DOCKER-ISOLATION-STAGE-1',
    '--delete FORWARD -o br-0123456789ab -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '--delete-chain DOCKER', '--delete-chain DOCKER-ISOLATION-STAGE-1', '--delete-chain DOCKER-USER',
  ]);
});

test('the same for nat, where rules come before chains of other names', () => {
  const rules = [
    '-P PREROUTING ACCEPT', '-N DOCKER',
    '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER',
    '-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER',
    '-A POSTROUTING -s 172.22.0.0/16 ! -o br-0123456789ab -j MASQUERADE',
    '-A POSTROUTING -s 10.8.0.0/24 -o eth0 -j MASQUERADE',
  ];
  assert.deepEqual(removalOf(rules).map((args) => args.join(' ')), [
    '--flush DOCKER',
    '--delete PREROUTING -m addrtype --dst-type LOCAL -j DOCKER',
    '--delete OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER',
    '--delete POSTROUTING -s 172.22.0.0/16 ! -o br-0123456789ab -j MASQUERADE',
    '--delete-chain DOCKER',
  ]);
});

test('a firewall without Docker is left as it is', () => {
  assert.deepEqual(removalOf(['-P FORWARD ACCEPT', '-A INPUT -i eth0 -j ACCEPT']), []);
});
