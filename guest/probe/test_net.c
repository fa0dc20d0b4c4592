/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the network: link, gateway by ARP and ICMP.
 */
#include "tests.h"

#include "arp.h"
#include "ip.h"
#include "net.h"

enum { TIMEOUT_MS = 3000 };

static enum test_result
device_starts(struct test_context *c)
{
	if (virtio_find(VIRTIO_NET, 0) == NULL)
		return test_because(c, TEST_SKIP, "no network device");
	if (!net_init())
		return TEST_FAIL;
	return test_because(c, test_pass_if((net_mac[0] & 1) == 0), "a group address");
}

static enum test_result
arp_gateway(struct test_context *c)
{
	uint8_t mac[6];

	if (!net_init())
		return test_because(c, TEST_SKIP, "no network device");
	return test_because(c, test_pass_if(arp_resolve(IP_GATEWAY, mac, TIMEOUT_MS)), "10.0.2.2 does not answer");
}

static enum test_result
ping_gateway(struct test_context *c)
{
	uint8_t mac[6];

	if (!net_init())
		return test_because(c, TEST_SKIP, "no network device");
	if (!arp_resolve(IP_GATEWAY, mac, TIMEOUT_MS))
		return test_because(c, TEST_FAIL, "no ARP entry");
	return test_because(c, test_pass_if(icmp_ping(mac, IP_GATEWAY, TIMEOUT_MS)), "10.0.2.2 does not answer");
}

static enum test_result
interrupts(struct test_context *c)
{
	return test_interrupts(c, net_device());
}

static const struct test tests[] = { { "net0 starts", device_starts }, { "net0 arp of the gateway", arp_gateway },
	{ "net0 ping of the gateway", ping_gateway }, { "net0 interrupts (ioapic, level)", interrupts } };

const struct test_group test_net = { tests, nitems(tests) };
