/**
 * CoreDNS' configuration.
 *
 * - `cluster.local` is answered from the cluster alone and goes nowhere else: what no Service has is NXDOMAIN here.
 * - `pods disabled`: no name stands for any address that a client writes into it. Nothing in Skyline uses such names,
 *   and CoreDNS needs no right to read pods.
 * - All else goes to the resolver of the node, which is that of the VPC.
 */
export const renderCorefile = () => `.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods disabled
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
        max_concurrent 1000
    }
    cache 30 {
        disable success cluster.local
        disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`;
